use serde_json::Value;

use super::Bench;

const VECTORS: &str = include_str!("../../../evidence/tests/vectors/bundle.json");

fn vectors() -> Vec<Value> {
    serde_json::from_str(VECTORS).unwrap()
}

#[test]
fn evd_40_verification_exits_with_0_or_1_and_needs_no_database() {
    let bench = Bench::new();
    let mut verdicts = [0, 0];
    for vector in vectors() {
        let name = vector["name"].as_str().unwrap();
        let file = bench.write("bundle", vector["bundle"].as_str().unwrap());
        let mut arguments = vec!["evidence", "verify", &file];
        if let Some(trust) = vector["trust"].as_str() {
            arguments.extend(["--trust", trust]);
        }
        let holds = vector["expect"] == "holds";
        let (code, report) = bench.json(&arguments);
        assert_eq!(code, Some(i32::from(!holds)), "{name}");
        assert_eq!(report["holds"], holds, "{name}");
        verdicts[usize::from(holds)] += 1;
    }
    assert!(verdicts.iter().all(|seen| *seen > 0), "both outcomes occur");
    assert!(!bench.path().join("countersign-data").exists(), "no database was made");
}

#[test]
fn evd_34_a_flipped_byte_is_found_and_said() {
    let bench = Bench::new();
    let vector = vectors().into_iter().find(|vector| vector["expect"] == "holds").unwrap();
    let text = vector["bundle"].as_str().unwrap();
    let control = bench.write("whole", text);
    let ran = bench.run(&["evidence", "verify", &control]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.contains("The evidence holds.") && ran.out.contains("Not proven"), "{}", ran.out);
    for at in [text.len() / 3, text.len() / 2, text.len() - 2] {
        let mut flipped = text.as_bytes().to_vec();
        flipped[at] ^= 1;
        let file = bench.write("flipped", &flipped);
        let ran = bench.run(&["evidence", "verify", &file]);
        assert_eq!(ran.code, Some(1), "byte {at}: {}", ran.out);
        assert!(ran.out.contains("The evidence does not hold."), "byte {at}: {}", ran.out);
    }
}

#[test]
fn what_is_not_recorded_is_not_shown() {
    let bench = Bench::new();
    assert_eq!(bench.json(&["evidence", "list"]), (Some(0), serde_json::json!({ "transactions": [] })));
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(bench.run(&["evidence", "show", unknown]).code, Some(1));
    assert_eq!(bench.run(&["evidence", "export", unknown]).code, Some(1));
}
