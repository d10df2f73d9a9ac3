use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::Bench;

fn start(bench: &Bench, arguments: &[&str]) -> Child {
    let folder = bench.path().join("tmp");
    std::fs::create_dir(&folder).unwrap();
    bench.command(arguments).env("TMPDIR", folder).spawn().unwrap()
}

fn files(bench: &Bench) -> usize {
    std::fs::read_dir(bench.path().join("tmp")).unwrap().count()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits for the program to end by itself, and not for longer than that may take.
fn ended(child: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if begun.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("it did not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_signal_during_the_run_ends_it_and_deletes_its_folder() {
    for name in ["-TERM", "-INT"] {
        let bench = Bench::new();
        let mut child = start(&bench, &["demo"]);
        let begun = Instant::now();
        while files(&bench) == 0 && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(files(&bench), 1, "control: the folder is there");
        signal(&child, name);
        assert_eq!(ended(&mut child), Some(1), "{name}: the run did not come to its end");
        assert_eq!(files(&bench), 0, "{name}");
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(said.contains("interrupted"), "{said}");
    }
}

#[test]
fn a_demo_in_json_invites_on_standard_error_and_ends_by_a_signal() {
    let bench = Bench::new();
    let mut child = start(&bench, &["demo", "--json"]);
    let invited = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .any(|line| line.starts_with("Ctrl-C ends the demo"));
    assert!(invited);
    signal(&child, "-TERM");
    assert_eq!(ended(&mut child), Some(0));
    assert_eq!(files(&bench), 0);
    let mut document = String::new();
    child.stdout.take().unwrap().read_to_string(&mut document).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["held"], true, "{document:#}");
}
