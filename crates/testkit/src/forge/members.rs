use serde_json::Value;

/// A JSON object as a list of raw members: names may come twice, values may be any text.
#[derive(Clone, Debug, Default)]
pub struct Members(Vec<(String, String)>);

impl Members {
    /// The members of an honest object.
    pub fn of(object: &Value) -> Self {
        let members = object.as_object().into_iter().flatten();
        Self(members.map(|(name, value)| (name.clone(), value.to_string())).collect())
    }

    /// Replaces a member, or adds it.
    pub fn set(&mut self, name: &str, value: &Value) {
        match self.0.iter_mut().find(|(own, _)| own == name) {
            Some((_, text)) => *text = value.to_string(),
            None => self.add(name, &value.to_string()),
        }
    }

    /// Adds a member at the end; name and value stand as given, also if there is one of this name.
    pub fn add(&mut self, name: &str, text: &str) {
        self.0.push((name.to_owned(), text.to_owned()));
    }

    /// Removes every member of this name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(own, _)| own != name);
    }

    /// The object as text.
    pub fn to_text(&self) -> String {
        let members: Vec<String> = self.0.iter().map(|(name, text)| format!("\"{name}\":{text}")).collect();
        format!("{{{}}}", members.join(","))
    }
}
