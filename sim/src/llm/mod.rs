//! Stands in for the two wire formats of language models: OpenAI's chat completions below `/openai/v1`, the same as a smaller
//! server speaks it below `/compatible/v1`, Anthropic's Messages below `/anthropic`.
//!
//! Written from the vendors' documents and not from our client. [`rules`] refuses what they refuse, [`fault`] fails on request
//! in each way that they fail, and [`stand_in`] answers: a few rules for sizes, cities and set phrases, and no model. What a
//! test wants to be answered otherwise it orders word for word.

mod control;
mod fault;
mod rules;
mod stand_in;

use actix_web::HttpResponse;
use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, http::header::HeaderMap};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Mutex;
use tokio::time::sleep;

use crate::answer::halting;
use crate::journal::Journal;
use fault::{Fault, Ordered};

/// The key that is valid, and the models that there are.
pub(crate) const KEY: &str = "sim-key";
pub(crate) const MODELS: [&str; 2] = ["sim-small", "sim-large"];

/// What this stand-in knows beside its rules.
pub(crate) struct Llm {
    faults: Mutex<VecDeque<Ordered>>,
    /// Answers that were ordered word for word.
    scripted: Mutex<VecDeque<String>>,
    requests: Journal<Seen>,
}

impl Llm {
    pub(crate) fn new() -> Self {
        Self {
            faults: Mutex::default(),
            scripted: Mutex::default(),
            requests: Journal::new(),
        }
    }
}

/// A request and what it got.
#[derive(Clone, Serialize)]
struct Seen {
    dialect: Dialect,
    /// `None`: the connection was closed without an answer.
    status: Option<u16>,
    /// Which rule it broke.
    refused: Option<String>,
    body: Value,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dialect {
    Openai,
    Compatible,
    Anthropic,
}

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route(
            "/openai/v1/chat/completions",
            web::post().to(chat_completions),
        )
        .route(
            "/compatible/v1/chat/completions",
            web::post().to(compatible_completions),
        )
        .route("/anthropic/v1/messages", web::post().to(messages))
        .configure(control::routes);
}

async fn chat_completions(request: HttpRequest, body: Bytes, llm: Data<Llm>) -> HttpResponse {
    answer(Dialect::Openai, request.headers(), &body, &llm).await
}

async fn compatible_completions(request: HttpRequest, body: Bytes, llm: Data<Llm>) -> HttpResponse {
    answer(Dialect::Compatible, request.headers(), &body, &llm).await
}

async fn messages(request: HttpRequest, body: Bytes, llm: Data<Llm>) -> HttpResponse {
    answer(Dialect::Anthropic, request.headers(), &body, &llm).await
}

/// A request that breaks a rule is refused, whatever was ordered; a fault comes before an answer.
async fn answer(dialect: Dialect, headers: &HeaderMap, bytes: &[u8], llm: &Llm) -> HttpResponse {
    let body: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
    let checked = rules::check(dialect, headers, &body);
    let ordered = match &checked {
        Ok(()) => locked(&llm.faults).pop_front(),
        Err(_) => None,
    };
    if let Some(ordered) = &ordered
        && ordered.fault != Fault::SlowBody
    {
        sleep(ordered.delay).await;
    }
    let response = match (&checked, &ordered) {
        (Err(refusal), _) => refusal.response(dialect),
        (Ok(()), Some(ordered)) if !ordered.fault.is_ordinary() => ordered.response(dialect, &body),
        (Ok(()), _) => {
            let scripted = locked(&llm.scripted).pop_front();
            let text = scripted.unwrap_or_else(|| stand_in::answer(&body).to_string());
            let whole = success(dialect, &body, &text, End::Whole);
            match &ordered {
                Some(ordered) if ordered.fault == Fault::SlowBody => {
                    let bytes = to_bytes(whole.into_body()).await.unwrap_or_default();
                    halting(&bytes, ordered.delay)
                }
                _ => whole,
            }
        }
    };
    let dropped = ordered.is_some_and(|ordered| ordered.fault == Fault::Drop);
    llm.requests.append(Seen {
        dialect,
        status: (!dropped).then_some(response.status().as_u16()),
        refused: checked.err().map(|refusal| refusal.message),
        body,
    });
    response
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics under this lock")
}

/// How an answer ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    AtBound,
    Refused,
    Filtered,
    /// Only Anthropic's can end so.
    WindowFull,
}

/// An answer with status 200. Four characters count as a token.
pub(crate) fn success(dialect: Dialect, request: &Value, text: &str, end: End) -> HttpResponse {
    let input = request["messages"].to_string().len() / 4;
    let output = text.len() / 4;
    match dialect {
        Dialect::Openai | Dialect::Compatible => {
            let reason = match end {
                End::Whole | End::Refused | End::WindowFull => "stop",
                End::AtBound => "length",
                End::Filtered => "content_filter",
            };
            let message = match end {
                End::Refused => json!({ "role": "assistant", "content": null, "refusal": text }),
                _ => json!({ "role": "assistant", "content": text, "refusal": null }),
            };
            HttpResponse::Ok()
                .insert_header(("x-request-id", "req_sim"))
                .json(json!({
                    "id": "chatcmpl-sim",
                    "object": "chat.completion",
                    "model": request["model"],
                    "choices": [{ "index": 0, "message": message, "finish_reason": reason }],
                    "usage": {
                        "prompt_tokens": input,
                        "completion_tokens": output,
                        "total_tokens": input + output,
                        "prompt_tokens_details": { "cached_tokens": 0 },
                    },
                }))
        }
        Dialect::Anthropic => {
            let reason = match end {
                End::Whole => "end_turn",
                End::AtBound => "max_tokens",
                End::Refused | End::Filtered => "refusal",
                End::WindowFull => "model_context_window_exceeded",
            };
            // A block of another kind comes first: whoever takes the first block as text is wrong.
            HttpResponse::Ok().insert_header(("request-id", "req_sim")).json(json!({
                "id": "msg_sim",
                "type": "message",
                "role": "assistant",
                "model": request["model"],
                "content": [{ "type": "thinking", "thinking": "" }, { "type": "text", "text": text }],
                "stop_reason": reason,
                "usage": {
                    "input_tokens": input,
                    "output_tokens": output,
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 0,
                },
            }))
        }
    }
}

/// An error in the vendor's own form.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// OpenAI's code; Anthropic has only types.
    pub(crate) code: &'static str,
    /// Anthropic's type.
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    /// Anthropic's detail.
    pub(crate) detail: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(
        status: u16,
        code: &'static str,
        kind: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            kind,
            message: message.into(),
            detail: None,
        }
    }

    pub(crate) fn response(&self, dialect: Dialect) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).expect("a status of this module");
        let body = match dialect {
            Dialect::Openai | Dialect::Compatible => json!({
                "error": { "message": self.message, "type": "invalid_request_error", "param": null, "code": self.code }
            }),
            Dialect::Anthropic => json!({
                "type": "error",
                "error": {
                    "type": self.kind,
                    "message": self.message,
                    "details": self.detail.map(|code| json!({ "error_code": code })),
                },
                "request_id": "req_sim",
            }),
        };
        HttpResponse::build(status).json(body)
    }
}
