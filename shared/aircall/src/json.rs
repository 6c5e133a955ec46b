//! Aircall's JSON is loose: ids are strings or integers, fields come and go, and forms differ between its own samples.
//! Here a value of the wrong type is an absent value, so that one odd field never costs us a text.

use serde::Deserialize;
pub(crate) use serde_json_borrow::{ObjectAsVec as Object, Value};

/// Reads a JSON document, mending what a sender in JavaScript can break: a text cut inside an emoji leaves half of a
/// surrogate pair, which `JSON.stringify` writes as a lone `\ud83d` and which strict parsers refuse.
///
/// Depth is bounded by `serde_json` (128 levels); of duplicate keys the last wins.
pub(crate) fn read(document: &[u8]) -> Option<Value<'_>> {
    serde_json::from_slice(document)
        .or_else(|_| read_copy(&mended(document)))
        .ok()
}

/// What was read, without a tie to the document.
fn read_copy<'a>(document: &str) -> Result<Value<'a>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_reader(document.as_bytes());
    let value = Value::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// The value at `key`, whatever it is; the last of several. The library's own `get` finds the first.
pub(crate) fn get<'a, 'd>(object: &'a Object<'d>, key: &str) -> Option<&'a Value<'d>> {
    let mut fields = object.as_vec().iter().rev();
    fields.find_map(|(name, value)| (*name == key).then_some(value))
}

/// The text at `key`, if it is a string that says something.
pub(crate) fn text<'a>(object: &'a Object<'_>, key: &str) -> Option<&'a str> {
    get(object, key)?
        .as_str()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// The text at `key`, where digits may have come as an integer.
pub(crate) fn text_or_integer(object: &Object<'_>, key: &str) -> Option<String> {
    match get(object, key)? {
        Value::Number(number) => (!number.is_f64()).then(|| number.to_string()),
        _ => text(object, key).map(str::to_owned),
    }
}

/// The object at `key`.
pub(crate) fn object<'a, 'd>(object: &'a Object<'d>, key: &str) -> Option<&'a Object<'d>> {
    get(object, key)?.as_object()
}

/// The id at `key`, a string or an integer on the wire. As long as it comes: two long ids must stay two.
pub(crate) fn id(object: &Object<'_>, key: &str) -> Option<String> {
    text_or_integer(object, key)
}

/// The document with U+FFFD for bytes that are not UTF-8 and for lone surrogates.
fn mended(document: &[u8]) -> String {
    const ESCAPE_BYTES: usize = r"\uXXXX".len();
    let document = String::from_utf8_lossy(document);
    let mut mended = String::with_capacity(document.len());
    let mut rest = &*document;
    while let Some(start) = rest.find('\\') {
        let (before, escape) = rest.split_at(start);
        mended.push_str(before);
        let kept_bytes = match code_unit(escape) {
            Some(0xD800..=0xDBFF) => match escape.get(ESCAPE_BYTES..).and_then(code_unit) {
                Some(0xDC00..=0xDFFF) => Some(2 * ESCAPE_BYTES),
                _ => None,
            },
            Some(0xDC00..=0xDFFF) => None,
            Some(_) => Some(ESCAPE_BYTES),
            // A backslash and what it escapes, so that the second half of `\\` does not look like a new escape.
            None => Some(escape.chars().take(2).map(char::len_utf8).sum()),
        };
        mended.push_str(kept_bytes.map_or(r"\ufffd", |bytes| &escape[..bytes]));
        rest = &escape[kept_bytes.unwrap_or(ESCAPE_BYTES)..];
    }
    mended.push_str(rest);
    mended
}

/// The UTF-16 code unit of a `\uXXXX` that `text` begins with.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix(r"\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex
        .then(|| u16::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn half_an_emoji_does_not_make_a_document_unreadable() {
        let cut =
            br#"{"body":"ok \ud83d","whole":"\ud83d\ude00","low":"\ude00!","escaped":"\\ud83d"}"#;
        let expected = json!({"body": "ok \u{fffd}", "whole": "\u{1f600}", "low": "\u{fffd}!", "escaped": r"\ud83d"});
        assert_eq!(read(cut).map(Json::from), Some(expected));
    }

    #[test]
    fn bytes_that_are_not_utf8_do_not_make_a_document_unreadable() {
        assert_eq!(
            read(b"{\"body\":\"caf\xe9\"}").map(Json::from),
            Some(json!({"body": "caf\u{fffd}"}))
        );
    }

    #[test]
    fn of_duplicate_keys_the_last_wins() {
        for document in [r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2,"b":"\ud83d"}"#] {
            let document = read(document.as_bytes()).unwrap();
            let object = document.as_object().unwrap();
            assert_eq!(text_or_integer(object, "a").as_deref(), Some("2"));
        }
    }

    #[test]
    fn nesting_without_end_is_refused() {
        assert_eq!(read("[".repeat(50_000).as_bytes()), None);
    }

    #[test]
    fn ids_are_strings_or_integers() {
        let ids = json!({"text": " a1 ", "integer": 7, "fraction": 7.5, "empty": " ", "list": [7]});
        let ids = ids.to_string();
        let ids = read(ids.as_bytes()).unwrap();
        let read = |key| id(ids.as_object().unwrap(), key);
        assert_eq!(read("text").as_deref(), Some("a1"));
        assert_eq!(read("integer").as_deref(), Some("7"));
        for key in ["fraction", "empty", "list", "absent"] {
            assert_eq!(read(key), None, "{key}");
        }
    }

    proptest! {
        #[test]
        fn mending_changes_no_readable_document(text in ".*") {
            let document = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(mended(document.as_bytes()), document);
        }

        #[test]
        fn mending_survives_any_backslashes(text in r#"[\\ud8Dce0"é]{0,40}"#) {
            mended(text.as_bytes());
        }
    }
}
