//! Installs what the tests need and the machine lacks: Debian packages by apt-get, npm packages by `npm ci`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{in_path, output, succeeds, succeeds_silently};
use crate::workspace::Workspace;

/// Node releases before this one lack the global `crypto` that the npm packages under test rely on.
const OLDEST_NODE: u32 = 20;
/// The Node release taken from npm where the distribution's own is too old.
const NODE_FROM_NPM: &str = "22";
/// A copy of the lock file that `node_modules` was made from.
const INSTALLED_LOCK: &str = "node_modules/.installed-package-lock.json";

/// Whether the tests can run, and with what `PATH`.
pub(crate) enum Setup {
    /// Everything is there.
    Ready { path: OsString },
    /// Something is missing that we may not install; the message says what to do.
    Impossible(String),
}

/// A program the tests start and the Debian package that holds it.
struct Need {
    package: &'static str,
    why: &'static str,
    present: fn() -> bool,
}

const BROWSER: [Need; 2] = [
    Need {
        package: "chromium",
        why: "the pages are tested in a real browser",
        present: || in_path(&["chromium", "chromium-browser", "google-chrome"]).is_some(),
    },
    Need {
        package: "chromium-driver",
        why: "drives that browser",
        present: || in_path(&["chromedriver"]).is_some(),
    },
];

const DATABASE: [Need; 1] = [Need {
    package: "postgresql",
    why: "the storage contract runs on both engines",
    present: postgresql_is_installed,
}];

const NODE: [Need; 2] = [
    Need {
        package: "nodejs",
        why: "interoperability with JavaScript clients",
        present: || in_path(&["node"]).is_some(),
    },
    Need { package: "npm", why: "installs those clients", present: || in_path(&["npm"]).is_some() },
];

/// Makes the machine ready for the tests.
pub(crate) fn prepare(workspace: &Workspace) -> Result<Setup> {
    let node_tests = workspace.path("tests/node");
    let uses_node = node_tests.join("package-lock.json").is_file();

    let needs = BROWSER.iter().chain(&DATABASE).chain(NODE.iter().filter(|_| uses_node));
    let missing: Vec<&Need> = needs.filter(|need| !(need.present)()).collect();
    if !missing.is_empty()
        && let Some(refusal) = install(&missing)?
    {
        return Ok(Setup::Impossible(refusal));
    }

    let mut path = std::env::var_os("PATH").unwrap_or_default();
    if uses_node {
        if let Some(newer) = newer_node(workspace)? {
            path = prepend(&newer, &path)?;
        }
        install_npm_packages(&node_tests, &path)?;
    }
    Ok(Setup::Ready { path })
}

/// Installs Debian packages. A message instead, if this machine or user cannot.
fn install(missing: &[&Need]) -> Result<Option<String>> {
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    println!("missing for the tests:");
    for need in missing {
        println!("  {:<16} {}", need.package, need.why);
    }
    let by_hand = format!("apt-get update && apt-get install --yes {}", packages.join(" "));
    if in_path(&["apt-get"]).is_none() {
        let names = packages.join(", ");
        return Ok(Some(format!(
            "this machine has no apt-get: install the equivalents of {names} and run this again"
        )));
    }
    let Some(privilege) = Privilege::find() else {
        return Ok(Some(format!(
            "installing needs root, and sudo asks for a password. Run as root:\n  {by_hand}"
        )));
    };
    if !succeeds(privilege.apt_get().args(["update", "--quiet"]))? {
        // An unreachable mirror need not matter: the lists on disk may do.
        println!("apt-get update failed; trying with the package lists that are there");
    }
    if !succeeds(
        privilege.apt_get().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(&packages),
    )? {
        return Ok(Some(format!("apt-get could not install them. Try by hand:\n  {by_hand}")));
    }
    match missing.iter().find(|need| !(need.present)()) {
        Some(need) => {
            Ok(Some(format!("{} is installed, but its programs are not found in PATH", need.package)))
        }
        None => Ok(None),
    }
}

/// How we may become root.
enum Privilege {
    Root,
    Sudo,
}

impl Privilege {
    fn find() -> Option<Self> {
        if output(Command::new("id").arg("-u")).as_deref() == Some("0") {
            return Some(Self::Root);
        }
        succeeds_silently(Command::new("sudo").args(["-n", "true"])).then_some(Self::Sudo)
    }

    fn apt_get(&self) -> Command {
        let mut command = match self {
            Self::Root => Command::new("env"),
            Self::Sudo => {
                let mut command = Command::new("sudo");
                command.args(["-n", "env"]);
                command
            }
        };
        // Another apt-get may be at work on a fresh machine: wait for it.
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]);
        command
    }
}

/// Debian keeps `initdb` out of `PATH`, in a folder for each release.
fn postgresql_is_installed() -> bool {
    let releases = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    in_path(&["initdb"]).is_some()
        || releases.map(|release| release.path()).any(|release| release.join("bin/initdb").is_file())
}

/// Runs `npm ci` unless `node_modules` was made from this very lock file.
fn install_npm_packages(folder: &Path, path: &OsString) -> Result<()> {
    let wanted =
        fs::read(folder.join("package-lock.json")).context("reading tests/node/package-lock.json")?;
    let installed = folder.join(INSTALLED_LOCK);
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder).env("PATH", path);
    if !succeeds(&mut npm)? {
        bail!("npm ci failed in tests/node");
    }
    fs::write(&installed, wanted).with_context(|| format!("writing {}", installed.display()))
}

/// The folder of a newer `node`, if the one in `PATH` is too old for the packages under test.
fn newer_node(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let version = output(Command::new("node").arg("--version")).unwrap_or_default();
    if major(&version).is_some_and(|found| found >= OLDEST_NODE) {
        return Ok(None);
    }
    let package = format!("node-linux-{}", if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" });
    let home = workspace.path("target/node");
    let folder = home.join("node_modules").join(&package).join("bin");
    if !folder.join("node").is_file() {
        println!("node {version} is older than {OLDEST_NODE}; taking {package} {NODE_FROM_NPM} from npm");
        fs::create_dir_all(&home).with_context(|| format!("making {}", home.display()))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"]).arg(&home);
        if !succeeds(npm.arg(format!("{package}@{NODE_FROM_NPM}")))? {
            bail!("npm could not install {package}; install Node {OLDEST_NODE} or newer by hand");
        }
    }
    Ok(Some(folder))
}

fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

fn prepend(folder: &Path, path: &OsString) -> Result<OsString> {
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(path));
    std::env::join_paths(folders).context("PATH holds a folder that cannot be part of it")
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_release_of_node_is_the_first_number() {
        assert_eq!(major("v20.19.4"), Some(20));
        assert_eq!(major("18.20.4"), Some(18));
        assert_eq!(major(""), None);
    }
}
