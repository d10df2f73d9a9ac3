//! Every word the pages say, in one place per language.
//!
//! Sentences with a value in them are functions, because word order is a matter of the language.

/// The words of one language.
pub(super) struct Text {
    pub(super) product: &'static str,
    pub(super) footer: &'static str,

    pub(super) login_title: &'static str,
    pub(super) login_to_continue: fn(client: &str) -> String,
    pub(super) login_directly: &'static str,
    pub(super) login_username: &'static str,
    pub(super) login_password: &'static str,
    pub(super) login_submit: &'static str,
    pub(super) login_address: fn(issuer: &str) -> String,
    pub(super) login_refused: &'static str,
    pub(super) login_wrong: &'static str,
    pub(super) login_throttled: fn(seconds: u64) -> String,
    pub(super) login_stale: &'static str,

    pub(super) consent_title: fn(client: &str) -> String,
    pub(super) consent_label: &'static str,
    pub(super) consent_logged_in_as: &'static str,
    pub(super) consent_switch: &'static str,
    pub(super) consent_permissions: &'static str,
    pub(super) consent_terms: &'static str,
    pub(super) consent_destination: &'static str,
    pub(super) consent_duration: &'static str,
    pub(super) consent_lasts: fn(access_seconds: u64, renewable_seconds: Option<u64>) -> String,
    pub(super) consent_asked_by: &'static str,
    pub(super) consent_answered_by: &'static str,
    pub(super) consent_signed: &'static str,
    pub(super) consent_unsigned: &'static str,
    pub(super) consent_will_be_signed: &'static str,
    pub(super) consent_will_not_be_signed: &'static str,
    pub(super) consent_protection: fn(request_signed: bool, answer_signed: bool) -> &'static str,
    pub(super) consent_decide: &'static str,
    pub(super) consent_allow: &'static str,
    pub(super) consent_deny: &'static str,
    pub(super) scope: fn(name: &str) -> Option<ScopeWords>,
    pub(super) scope_unknown: fn(name: &str) -> String,

    pub(super) error_headline: fn(code: &str, requirement: Option<&str>) -> &'static str,
    pub(super) error_reassurance: &'static str,
    pub(super) error_from: fn(client: &str) -> String,
    pub(super) error_details: &'static str,
    pub(super) error_code: &'static str,
    pub(super) error_rule: &'static str,
    pub(super) error_would_pass: &'static str,
    pub(super) error_reference: &'static str,
    pub(super) error_reference_use: &'static str,

    pub(super) form_post_title: fn(client: &str) -> String,
    pub(super) form_post_explanation: fn(host: &str) -> String,
    pub(super) form_post_submit: &'static str,

    pub(super) landing_title: &'static str,
    pub(super) landing_explanation: fn(issuer: &str) -> String,
    pub(super) landing_for_people: &'static str,
    pub(super) landing_documents: &'static str,
}

/// What a scope means to the person who grants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ScopeWords {
    pub(super) title: &'static str,
    pub(super) detail: &'static str,
}

/// English.
pub(super) static ENGLISH: Text = Text {
    product: "Countersign",
    footer: "Signed requests, signed answers.",

    login_title: "Log in",
    login_to_continue: |client| format!("to continue to {client}"),
    login_directly: "to your account",
    login_username: "Username",
    login_password: "Password",
    login_submit: "Log in",
    login_address: |issuer| {
        format!("Your password is for {issuer} only. Check that the address bar shows it.")
    },
    login_refused: "You are not logged in",
    login_wrong: "The username and password do not belong together. Check both and try again.",
    login_throttled: |seconds| {
        format!("There were too many attempts. Wait {} and try again.", duration(seconds))
    },
    login_stale: "This form was open for too long or in another window. Enter both again.",

    consent_title: |client| format!("{client} asks to use your account"),
    consent_label: "Request for access",
    consent_logged_in_as: "Logged in as",
    consent_switch: "Use another account",
    consent_permissions: "It asks to",
    consent_terms: "On these terms",
    consent_destination: "Your answer goes to",
    consent_duration: "Access lasts",
    consent_lasts: |access, renewable| match renewable {
        None => format!("{}, not renewed", duration(access)),
        Some(renewable) => {
            format!("{}, renewed for up to {} without asking you", duration(access), duration(renewable))
        }
    },
    consent_asked_by: "Asked by",
    consent_answered_by: "Answered by",
    consent_signed: "Signed",
    consent_unsigned: "Not signed",
    consent_will_be_signed: "Will be signed",
    consent_will_not_be_signed: "Will not be signed",
    consent_protection: |request, answer| match (request, answer) {
        (true, true) => {
            "The request was signed and checked. Your answer will be signed too, so neither can be altered on the way."
        }
        (true, false) => "The request was signed and checked, so it was not altered on the way.",
        (false, true) => "Your answer will be signed, so it cannot be altered on the way.",
        (false, false) => "This client uses neither a signed request nor a signed answer.",
    },
    consent_decide: "Your answer",
    consent_allow: "Allow",
    consent_deny: "Deny",
    scope: english_scope,
    scope_unknown: |name| format!("Use the permission “{name}”"),

    error_headline: english_headline,
    error_reassurance: "This gave nobody access. You can close this page and start again where you came from.",
    error_from: |client| format!("The request came from {client}."),
    error_details: "For whoever runs the application",
    error_code: "Error code",
    error_rule: "Rule",
    error_would_pass: "What would pass",
    error_reference: "Reference",
    error_reference_use: "Quote it when you ask for help.",

    form_post_title: |client| format!("Back to {client}"),
    form_post_explanation: |host| {
        format!("Your answer is ready and goes to {host}. If nothing happens by itself, use the button.")
    },
    form_post_submit: "Continue",

    landing_title: "This is an authorization server",
    landing_explanation: |issuer| {
        format!(
            "{issuer} logs people in for applications they use. Applications sign what they ask, and this server signs what it answers, so that both can be checked, and proven later."
        )
    },
    landing_for_people: "There is nothing to do on this page. An application brings you here when it needs you to log in.",
    landing_documents: "Documents for applications",
};

fn english_scope(name: &str) -> Option<ScopeWords> {
    let (title, detail) = match name {
        "openid" => {
            ("Know that it is you", "A lasting identifier of your account. It says nothing else about you.")
        }
        "profile" => ("See your profile", "Your name and your user name."),
        "email" => ("See your e-mail address", "The one given for your account."),
        "phone" => ("See your phone number", "The number given for your account."),
        "address" => ("See your postal address", "As you entered it in your account."),
        "offline_access" => {
            ("Stay connected while you are away", "It can renew its access without asking you each time.")
        }
        _ => return None,
    };
    Some(ScopeWords { title, detail })
}

fn english_headline(code: &str, requirement: Option<&str>) -> &'static str {
    match code {
        // The person went back, or came by another browser: nothing is wrong with what the application asked.
        "invalid_request" if matches!(requirement, Some("PAR-10" | "RED-12")) => {
            "This page cannot be used any more"
        }
        "access_denied" => "Access was denied",
        "invalid_client" | "unauthorized_client" => {
            "This application is not known here, or may not ask for this"
        }
        "invalid_request_uri" => "This request was already used, or has expired",
        "invalid_request_object" => "The signed request could not be trusted",
        "invalid_scope" => "The application asked for something that does not exist here",
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            "You need to be asked first"
        }
        "server_error" => "Something went wrong on our side",
        "temporarily_unavailable" => "This service is busy",
        _ => "The application’s request cannot be used",
    }
}

/// A span of seconds in the largest unit that divides it.
fn duration(seconds: u64) -> String {
    let (count, unit) = match seconds {
        s if s >= 86_400 && s % 86_400 == 0 => (s / 86_400, "day"),
        s if s >= 3_600 && s % 3_600 == 0 => (s / 3_600, "hour"),
        s if s >= 60 && s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::{ENGLISH, duration};

    #[test]
    fn durations_use_the_largest_unit_that_divides() {
        for (seconds, words) in [
            (1, "1 second"),
            (90, "90 seconds"),
            (600, "10 minutes"),
            (3_600, "1 hour"),
            (2_592_000, "30 days"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }

    #[test]
    fn every_combination_of_signatures_is_told_apart() {
        let told = [(true, true), (true, false), (false, true), (false, false)]
            .map(|(request, answer)| (ENGLISH.consent_protection)(request, answer));
        for (position, sentence) in told.iter().enumerate() {
            assert!(!told[position + 1..].contains(sentence));
        }
    }
}
