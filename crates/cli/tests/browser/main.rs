//! People at a real browser (headless Chromium) against real processes: `countersign demo` and `countersign serve`.
//!
//! Pictures of every page are written to `browser-shots` in the target folder, at 1280 pixels in light colours and at
//! 320 pixels in dark ones.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../support/served.rs"]
mod served;

mod demo;
mod demo_pages;
mod form_post;
mod frames;
mod house;
mod interaction;
mod receiver;
mod visitor;
