//! Values as both engines understand them, and the rows they come back in.

use std::{error::Error, fmt, str::FromStr, vec};

use bytes::BytesMut;
use countersign_protocol::{
    parameter::{ClientId, Issuer, Subject, TransactionId},
    time::UnixTime,
};
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::StorageError;

/// A column value: TEXT, BIGINT, BLOB (BYTEA), or nothing. Times are seconds, truths are 0 and 1.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT, UTF-8.
    Text(String),
    /// BLOB on SQLite, BYTEA on PostgreSQL.
    Blob(Vec<u8>),
}

/// Values can be password hashes, digests of codes or sealed keys: only their kind and size is shown.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Int(value) => write!(f, "Int({value})"),
            Self::Text(value) => write!(f, "Text({} bytes)", value.len()),
            Self::Blob(value) => write!(f, "Blob({} bytes)", value.len()),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

/// Times, sizes and indices: SQL has no unsigned type. What exceeds `i64` is stored as its largest value.
impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<UnixTime> for Value {
    fn from(time: UnixTime) -> Self {
        time.as_secs().into()
    }
}

/// Protocol names are stored as they are written.
macro_rules! stored_as_text {
    ($($name:ident),+) => {
        $(impl From<&$name> for Value {
            fn from(name: &$name) -> Self {
                name.as_str().into()
            }
        })+
    };
}
stored_as_text!(ClientId, Issuer, Subject, TransactionId);

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

impl ToSql for Value {
    fn to_sql(&self, column: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *column == Type::INT8 => value.to_sql(column, out),
            Self::Text(value) if *column == Type::TEXT => value.to_sql(column, out),
            Self::Blob(value) if *column == Type::BYTEA => value.to_sql(column, out),
            other => Err(format!("{other:?} does not fit a parameter of type {column}").into()),
        }
    }

    fn accepts(column: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(column)
    }

    to_sql_checked!();
}

/// One row of an answer, read from left to right in the order of the statement's columns.
#[derive(Debug)]
pub struct Row(vec::IntoIter<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The next column, which is TEXT NOT NULL.
    pub fn text(&mut self) -> Result<String, StorageError> {
        self.optional_text()?.ok_or_else(|| unexpected("TEXT", &Value::Null))
    }

    /// The next column, which is TEXT.
    pub fn optional_text(&mut self) -> Result<Option<String>, StorageError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value)),
            other => Err(unexpected("TEXT", &other)),
        }
    }

    /// The next column, which is BIGINT NOT NULL.
    pub fn int(&mut self) -> Result<i64, StorageError> {
        self.optional_int()?.ok_or_else(|| unexpected("BIGINT", &Value::Null))
    }

    /// The next column, which is BIGINT.
    pub fn optional_int(&mut self) -> Result<Option<i64>, StorageError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Int(value) => Ok(Some(value)),
            other => Err(unexpected("BIGINT", &other)),
        }
    }

    /// The next column, which is a size, an index or a count: BIGINT NOT NULL, never negative.
    pub fn count(&mut self) -> Result<u64, StorageError> {
        not_negative(self.int()?)
    }

    /// The next column, which is BLOB NOT NULL.
    pub fn blob(&mut self) -> Result<Vec<u8>, StorageError> {
        self.optional_blob()?.ok_or_else(|| unexpected("BLOB", &Value::Null))
    }

    /// The next column, which is BLOB.
    pub fn optional_blob(&mut self) -> Result<Option<Vec<u8>>, StorageError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Blob(value) => Ok(Some(value)),
            other => Err(unexpected("BLOB", &other)),
        }
    }

    /// The next column, which is a protocol name NOT NULL.
    pub(crate) fn parsed<T: FromStr>(&mut self) -> Result<T, StorageError> {
        parse(&self.text()?)
    }

    /// The next column, which is a protocol name.
    pub(crate) fn optional_parsed<T: FromStr>(&mut self) -> Result<Option<T>, StorageError> {
        self.optional_text()?.as_deref().map(parse).transpose()
    }

    /// The next column, which is a size, an index or a count, or NULL.
    pub(crate) fn optional_count(&mut self) -> Result<Option<u64>, StorageError> {
        self.optional_int()?.map(not_negative).transpose()
    }

    /// The next column, which is a time NOT NULL.
    pub(crate) fn time(&mut self) -> Result<UnixTime, StorageError> {
        self.count().map(UnixTime::from_secs)
    }

    /// The next column, which is a time.
    pub(crate) fn optional_time(&mut self) -> Result<Option<UnixTime>, StorageError> {
        Ok(self.optional_count()?.map(UnixTime::from_secs))
    }

    fn next(&mut self) -> Result<Value, StorageError> {
        self.0.next().ok_or_else(|| StorageError::Damaged("a row has fewer columns than its reader".into()))
    }
}

fn not_negative(value: i64) -> Result<u64, StorageError> {
    u64::try_from(value).map_err(|_| StorageError::Damaged(format!("{value} where no negative can be")))
}

fn parse<T: FromStr>(text: &str) -> Result<T, StorageError> {
    text.parse().map_err(|_| StorageError::Damaged(format!("no {}", std::any::type_name::<T>())))
}

fn unexpected(wanted: &str, found: &Value) -> StorageError {
    StorageError::Damaged(format!("{found:?} in a column of type {wanted}"))
}
