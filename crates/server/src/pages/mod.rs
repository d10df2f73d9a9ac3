//! The pages a person sees, as view structs: plain strings in, one HTML document out.
//!
//! A view decides nothing. It escapes every value it is given, loads nothing from elsewhere and, with the
//! exception of [`FormPostPage`], carries no script (RED-12, ATK-RED-21, ATK-RED-24). Each page must be sent
//! with [`page_headers`], or [`FormPostPage::headers`]; without them it can be framed and cached.
//!
//! # What a form sends
//!
//! | Page | Request | Fields |
//! |---|---|---|
//! | [`LoginPage`] | `POST /login` | `interaction`, `csrf`, `username`, `password` |
//! | [`ConsentPage`] | `POST /consent` | `interaction`, `csrf`, `decision` = `allow` or `deny` |
//! | [`FormPostPage`] | `POST` to the redirect URI | the response parameters |
//!
//! # Element ids
//!
//! They do not change, so that a scripted browser can rely on them.
//!
//! | Page | Ids |
//! |---|---|
//! | [`LoginPage`] | `login-form`, `username`, `password`, `login-submit`; after a refused attempt `login-problem` |
//! | [`ConsentPage`] | `consent-form`, `consent-allow`, `consent-deny`, `switch-account`, `account`, `answer-host` |
//! | [`ErrorPage`] | `error-code`, `reference`; when a rule is named `error-rule` |
//! | [`FormPostPage`] | `answer`, `answer-submit` |

mod asset;
mod client_identity;
mod consent;
mod error;
mod form_post;
mod headers;
mod landing;
mod language;
mod login;
mod text;

pub use self::asset::{Asset, asset, mark_path, stylesheet, stylesheet_path};
pub use self::client_identity::ClientIdentity;
pub use self::consent::{Account, ConsentPage, Permission};
pub use self::error::{BrokenRule, ErrorPage};
pub use self::form_post::FormPostPage;
pub use self::headers::{CONTENT_TYPE, page_headers};
pub use self::landing::{DocumentLink, LandingPage};
pub use self::language::Language;
pub use self::login::{LoginPage, LoginProblem};
