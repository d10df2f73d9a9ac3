//! One pass over a JSON text: syntax, depth, member counts, surrogates, duplicate members.

use std::borrow::Cow;

use crate::{Limits, json::JsonError};

/// Scans a text whose outermost value must be an object.
pub(super) fn object(text: &str, limits: &Limits) -> Result<(), JsonError> {
    let mut scanner =
        Scanner { text, bytes: text.as_bytes(), at: 0, names: Vec::with_capacity(32), members: 0, limits };
    scanner.skip_space();
    if scanner.peek() != Some(b'{') {
        return Err(JsonError::NotAnObject);
    }
    scanner.object(1)?;
    scanner.skip_space();
    if scanner.at == scanner.bytes.len() { Ok(()) } else { Err(scanner.syntax()) }
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Names of the objects that are open, innermost last.
    names: Vec<Cow<'a, str>>,
    /// Members seen in the whole document.
    members: usize,
    limits: &'a Limits,
}

impl<'a> Scanner<'a> {
    fn value(&mut self, depth: usize) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), JsonError> {
        self.enter(depth)?;
        let first_name = self.names.len();
        if self.closes(b'}') {
            return Ok(());
        }
        loop {
            self.skip_space();
            self.name(first_name)?;
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            self.value(depth + 1)?;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.syntax()),
            }
        }
        self.at += 1;
        self.names.truncate(first_name);
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        self.enter(depth)?;
        if self.closes(b']') {
            return Ok(());
        }
        loop {
            self.skip_space();
            self.value(depth + 1)?;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.syntax()),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a member name and compares it with those of the same object. Linear, and bounded by `object_members`.
    fn name(&mut self, first_name: usize) -> Result<(), JsonError> {
        let at = self.at;
        let name = self.string()?;
        self.members += 1;
        let siblings = self.names.get(first_name..).unwrap_or_default();
        if self.members > self.limits.members || siblings.len() >= self.limits.object_members {
            return Err(JsonError::TooManyMembers);
        }
        if siblings.contains(&name) {
            return Err(JsonError::DuplicateMember { at });
        }
        self.names.push(name);
        Ok(())
    }

    /// Reads a string; unescapes only where there is something to unescape.
    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.expect(b'"')?;
        let start = self.at;
        let mut unescaped: Option<String> = None;
        let mut copied = start;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let out = unescaped.get_or_insert_default();
                    out.push_str(slice(self.text, copied, self.at));
                    let character = self.escape()?;
                    unescaped.get_or_insert_default().push(character);
                    copied = self.at;
                }
                Some(0x20..) => self.at += 1,
                _ => return Err(self.syntax()),
            }
        }
        let end = self.at;
        self.at += 1;
        Ok(match unescaped {
            None => Cow::Borrowed(slice(self.text, start, end)),
            Some(mut out) => {
                out.push_str(slice(self.text, copied, end));
                Cow::Owned(out)
            }
        })
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let at = self.at;
        self.at += 1;
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(at),
            _ => return Err(self.syntax()),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode_escape(&mut self, at: usize) -> Result<char, JsonError> {
        let lone = JsonError::LoneSurrogate { at };
        let first = self.code_unit()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or(lone);
        }
        if first >= 0xdc00 || self.peek() != Some(b'\\') || self.bytes.get(self.at + 1) != Some(&b'u') {
            return Err(lone);
        }
        self.at += 1;
        let second = self.code_unit()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(lone);
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(lone)
    }

    /// Reads `uXXXX`.
    fn code_unit(&mut self) -> Result<u32, JsonError> {
        self.expect(b'u')?;
        let mut unit = 0;
        for _ in 0..4 {
            let digit =
                self.peek().and_then(|byte| char::from(byte).to_digit(16)).ok_or_else(|| self.syntax())?;
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.syntax()),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// At least one digit.
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.syntax()) }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > self.limits.depth {
            return Err(JsonError::TooDeep { limit: self.limits.depth });
        }
        self.at += 1;
        Ok(())
    }

    /// Whether the object or array just entered is empty.
    fn closes(&mut self, bracket: u8) -> bool {
        self.skip_space();
        let closes = self.peek() == Some(bracket);
        if closes {
            self.at += 1;
        }
        closes
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn syntax(&self) -> JsonError {
        JsonError::Syntax { at: self.at }
    }
}

/// Quotes and backslashes are never inside a multi-byte character, so the bounds always fit.
fn slice(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}
