//! The rules that both vendors publish, as far as a request like ours can break them.
//!
//! Schemas are held to what both take: OpenAI's strict mode wants every property required and no others, Anthropic's takes
//! few unions and few optionals. Here it is none.

use super::{Dialect, KEY, MODELS, Refusal};
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;

const ANTHROPIC_VERSIONS: [&str; 2] = ["2023-06-01", "2026-10-21"];

/// From this version on, a sampling parameter is an error.
const NO_SAMPLING_SINCE: &str = "2026-10-21";

/// As much as the models read, in characters of all messages together.
const CONTEXT_CHARS_MAX: usize = 60_000;

const LEVELS_MAX: usize = 10;
const ENUM_VALUES_MAX: usize = 1_000;

const OPENAI_KEYS: [&str; 8] = [
    "model",
    "messages",
    "response_format",
    "max_completion_tokens",
    "reasoning_effort",
    "store",
    "prompt_cache_key",
    "safety_identifier",
];
/// An older server knows no more.
const COMPATIBLE_KEYS: [&str; 4] = ["model", "messages", "response_format", "max_tokens"];
const ANTHROPIC_KEYS: [&str; 6] = [
    "model",
    "max_tokens",
    "system",
    "messages",
    "output_config",
    "thinking",
];

type Checked = Result<(), Refusal>;

fn bad(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(400, code, "invalid_request_error", message)
}

pub(super) fn check(dialect: Dialect, headers: &HeaderMap, body: &Value) -> Checked {
    check_headers(dialect, headers)?;
    let Some(fields) = body.as_object() else {
        return Err(bad("invalid_json", "the body is not a JSON object"));
    };
    for sampling in [
        "temperature",
        "top_p",
        "top_k",
        "frequency_penalty",
        "presence_penalty",
    ] {
        let is_taken = dialect == Dialect::Anthropic
            && header(headers, "anthropic-version") < Some(NO_SAMPLING_SINCE);
        if fields.contains_key(sampling) && !is_taken {
            return Err(bad(
                "unsupported_parameter",
                format!("{sampling} is not supported with this model"),
            ));
        }
    }
    let known: &[&str] = match dialect {
        Dialect::Openai => &OPENAI_KEYS,
        Dialect::Compatible => &COMPATIBLE_KEYS,
        Dialect::Anthropic => &ANTHROPIC_KEYS,
    };
    let sampling = ["temperature", "top_p", "top_k"];
    if let Some(unknown) = fields
        .keys()
        .find(|key| !known.contains(&key.as_str()) && !sampling.contains(&key.as_str()))
    {
        return Err(bad(
            "unknown_parameter",
            format!("unknown parameter {unknown}"),
        ));
    }
    if !body["model"]
        .as_str()
        .is_some_and(|model| MODELS.contains(&model))
    {
        return Err(Refusal::new(
            404,
            "model_not_found",
            "not_found_error",
            "there is no such model",
        ));
    }
    check_messages(dialect, body)?;
    let tokens_max = match dialect {
        Dialect::Openai => &body["max_completion_tokens"],
        Dialect::Compatible | Dialect::Anthropic => &body["max_tokens"],
    };
    let may_lack = dialect != Dialect::Anthropic && tokens_max.is_null();
    if !may_lack && tokens_max.as_u64().unwrap_or(0) == 0 {
        return Err(bad(
            "invalid_value",
            "the bound of the answer is missing or no positive integer",
        ));
    }
    let is_name = |name: &Value| {
        name.is_null()
            || name
                .as_str()
                .is_some_and(|name| !name.is_empty() && name.len() <= 64)
    };
    if !is_name(&body["prompt_cache_key"]) || !is_name(&body["safety_identifier"]) {
        return Err(bad(
            "invalid_value",
            "prompt_cache_key or safety_identifier is no text of at most 64 characters",
        ));
    }
    check_format(dialect, body)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn check_headers(dialect: Dialect, headers: &HeaderMap) -> Checked {
    let bearer = header(headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    let key = match dialect {
        Dialect::Openai | Dialect::Compatible => bearer,
        Dialect::Anthropic => header(headers, "x-api-key").or(bearer),
    };
    if key != Some(KEY) {
        return Err(Refusal::new(
            401,
            "invalid_api_key",
            "authentication_error",
            "the API key is missing or wrong",
        ));
    }
    let is_json = header(headers, CONTENT_TYPE.as_str())
        .is_some_and(|value| value.starts_with("application/json"));
    if !is_json {
        return Err(bad(
            "invalid_content_type",
            "content-type is not application/json",
        ));
    }
    if dialect == Dialect::Anthropic {
        match header(headers, "anthropic-version") {
            Some(version) if ANTHROPIC_VERSIONS.contains(&version) => {}
            _ => return Err(bad("", "anthropic-version is missing or unknown")),
        }
    }
    Ok(())
}

fn check_messages(dialect: Dialect, body: &Value) -> Checked {
    let messages = body["messages"]
        .as_array()
        .filter(|messages| !messages.is_empty());
    let Some(messages) = messages else {
        return Err(bad("invalid_value", "messages is no list of messages"));
    };
    let roles: &[&str] = match dialect {
        Dialect::Openai | Dialect::Compatible => &["system", "developer", "user", "assistant"],
        Dialect::Anthropic => &["user", "assistant"],
    };
    let mut chars = body["system"].to_string().len();
    for message in messages {
        let (role, content) = (
            message["role"].as_str().unwrap_or_default(),
            message["content"].as_str(),
        );
        let Some(content) =
            content.filter(|content| !content.trim().is_empty() && roles.contains(&role))
        else {
            return Err(bad(
                "invalid_value",
                "a message has a wrong role or no content",
            ));
        };
        chars += content.len();
    }
    if messages
        .last()
        .is_some_and(|last| last["role"] == "assistant")
    {
        return Err(bad(
            "invalid_value",
            "the last message is the assistant's: prefilling is not supported",
        ));
    }
    if chars > CONTEXT_CHARS_MAX {
        return Err(bad("context_length_exceeded", "prompt is too long"));
    }
    Ok(())
}

fn check_format(dialect: Dialect, body: &Value) -> Checked {
    let schema = match dialect {
        Dialect::Openai | Dialect::Compatible => {
            let format = &body["response_format"];
            if format.is_null() {
                return Ok(());
            }
            let named = &format["json_schema"];
            let is_name = |name: &str| {
                (1..=64).contains(&name.len())
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            };
            if format["type"] != "json_schema"
                || !named["name"].as_str().is_some_and(is_name)
                || named["strict"] != true
            {
                return Err(bad(
                    "invalid_value",
                    "response_format is not a strict, named json_schema",
                ));
            }
            &named["schema"]
        }
        Dialect::Anthropic => {
            let format = &body["output_config"]["format"];
            if format.is_null() {
                return Ok(());
            }
            if format["type"] != "json_schema" {
                return Err(bad("", "output_config.format is not a json_schema"));
            }
            &format["schema"]
        }
    };
    if schema["type"] != "object" {
        return Err(bad(
            "invalid_json_schema",
            "the root of a schema is an object",
        ));
    }
    check_schema(schema, 0).map_err(|problem| bad("invalid_json_schema", problem))
}

/// Every keyword that is not named here is refused.
fn check_schema(schema: &Value, level: usize) -> Result<(), String> {
    if level > LEVELS_MAX {
        return Err(format!("more than {LEVELS_MAX} levels"));
    }
    let keywords = schema.as_object().ok_or("a schema is an object")?;
    let allowed = [
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "description",
    ];
    if let Some(unknown) = keywords
        .keys()
        .find(|keyword| !allowed.contains(&keyword.as_str()))
    {
        return Err(format!("{unknown} is not supported"));
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"]
                .as_object()
                .ok_or("an object needs properties")?;
            if schema["additionalProperties"] != false {
                return Err("additionalProperties is not false".to_owned());
            }
            let required = schema["required"].as_array().ok_or("required is missing")?;
            if let Some(optional) = properties
                .keys()
                .find(|name| !required.iter().any(|given| given == name.as_str()))
            {
                return Err(format!("{optional} is not in required"));
            }
            properties
                .values()
                .try_for_each(|property| check_schema(property, level + 1))
        }
        Some("array") => check_schema(&schema["items"], level + 1),
        Some("string") => match schema["enum"].as_array() {
            Some(values) if values.len() > ENUM_VALUES_MAX => {
                Err("too many enum values".to_owned())
            }
            _ => Ok(()),
        },
        Some("integer" | "number" | "boolean") => Ok(()),
        _ => Err("a type is missing, unknown or a union".to_owned()),
    }
}
