//! Countersign.
mod clock;
mod demo;
use clap::Parser;
#[derive(Parser)]
struct A {
    #[command(flatten)]
    demo: demo::Demo,
}
#[tokio::main]
async fn main() -> anyhow::Result<std::process::ExitCode> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    Ok(if A::parse().demo.run().await? {
        std::process::ExitCode::SUCCESS
    } else {
        std::process::ExitCode::FAILURE
    })
}
