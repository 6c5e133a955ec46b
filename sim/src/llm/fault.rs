//! The ways in which a provider fails.

use super::{Dialect, End, Refusal, success};
use crate::answer::severed;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    ServerError,
    /// 408.
    Timeout,
    /// 409.
    Conflict,
    /// 500 of a small server: the error is a text, or its code a number.
    PlainError,
    /// 502 with a page.
    BadGateway,
    Unavailable,
    /// 504 with a page.
    GatewayTimeout,
    /// 529, Anthropic's.
    Overloaded,
    RateLimited,
    /// 429 of an account that grows too fast.
    RampLimit,
    /// 429 that says that asking again is no use.
    DoNotRetry,
    /// 429 that no waiting helps: no credit is left.
    OutOfCredit,
    /// 429: the limit that the contract sets is reached.
    ContractLimit,
    /// 402.
    Billing,
    /// 403: the vendor has stopped the account.
    OnHold,
    Unauthorized,
    Forbidden,
    NotFound,
    ContextTooLong,
    /// 413.
    TooLarge,
    /// 200, and the answer would not have fitted. OpenAI has 400 for it.
    ContextFull,
    ContentFilter,
    SchemaRejected,
    /// 200, and the model declines.
    Refusal,
    /// 200, and a filter cut it.
    Filtered,
    /// 200, cut off at the bound.
    Truncated,
    /// 200, and not JSON.
    InvalidJson,
    /// 200, JSON of another shape.
    OtherShape,
    /// 200 without text.
    Empty,
    /// 200 with a page that is not the provider's.
    OkHtml,
    /// The ordinary answer, late.
    Slow,
    /// The ordinary answer, of which the second half is late.
    SlowBody,
    /// The connection closes without an answer.
    Drop,
}

impl Fault {
    /// Whether what is answered is the ordinary answer.
    pub(super) fn is_ordinary(self) -> bool {
        matches!(self, Self::Slow | Self::SlowBody)
    }
}

#[derive(Clone, Copy)]
pub(super) struct Ordered {
    pub(super) fault: Fault,
    /// What `retry-after-ms` says, of the faults that waiting helps. 0: only `rate_limited` and `ramp_limit` say so.
    pub(super) retry_after_ms: u64,
    pub(super) delay: Duration,
}

const PAGE: &str = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n";

impl Ordered {
    pub(super) fn response(&self, dialect: Dialect, request: &Value) -> HttpResponse {
        let ordered =
            |status, code, kind| Refusal::new(status, code, kind, "this fault was ordered");
        let refuse = |status, code, kind| ordered(status, code, kind).response(dialect);
        match self.fault {
            Fault::ServerError => refuse(500, "server_error", "api_error"),
            Fault::Timeout => refuse(408, "timeout", "timeout_error"),
            Fault::Conflict => refuse(409, "conflict", "conflict_error"),
            Fault::PlainError => {
                let error = match dialect {
                    Dialect::Openai | Dialect::Compatible => json!("this fault was ordered"),
                    Dialect::Anthropic => {
                        json!({ "code": 500, "message": "this fault was ordered" })
                    }
                };
                HttpResponse::InternalServerError().json(json!({ "error": error }))
            }
            Fault::BadGateway => HttpResponse::BadGateway()
                .insert_header(ContentType::html())
                .body(PAGE),
            Fault::GatewayTimeout => HttpResponse::GatewayTimeout()
                .insert_header(ContentType::html())
                .body(PAGE),
            Fault::Unavailable => self.waiting(refuse(503, "server_error", "api_error")),
            Fault::Overloaded => self.waiting(refuse(529, "overloaded", "overloaded_error")),
            Fault::RateLimited => {
                self.waiting(refuse(429, "rate_limit_exceeded", "rate_limit_error"))
            }
            Fault::RampLimit => {
                let mut refusal = ordered(429, "ramp_limit_exceeded", "rate_limit_error");
                refusal.detail = Some("ramp_limit_exceeded");
                self.waiting(refusal.response(dialect))
            }
            Fault::DoNotRetry => {
                let mut response = refuse(429, "rate_limit_exceeded", "rate_limit_error");
                let name = HeaderName::from_static("x-should-retry");
                response
                    .headers_mut()
                    .insert(name, HeaderValue::from_static("false"));
                response
            }
            Fault::OutOfCredit => {
                let mut refusal = Refusal::new(
                    429,
                    "insufficient_quota",
                    "rate_limit_error",
                    "no credit is left",
                );
                refusal.detail = Some("enforced_spend_limit_reached");
                refusal.response(dialect)
            }
            Fault::ContractLimit => {
                let mut refusal = ordered(429, "insufficient_quota", "rate_limit_error");
                refusal.detail = Some("contract_spend_limit_reached");
                refusal.response(dialect)
            }
            Fault::OnHold => {
                let mut refusal = ordered(403, "organization_on_hold", "permission_error");
                refusal.detail = Some("organization_on_hold");
                refusal.response(dialect)
            }
            Fault::TooLarge => refuse(413, "request_too_large", "request_too_large"),
            Fault::ContextFull => match dialect {
                Dialect::Openai | Dialect::Compatible => {
                    refuse(400, "context_length_exceeded", "invalid_request_error")
                }
                Dialect::Anthropic => success(dialect, request, "{", End::WindowFull),
            },
            Fault::Billing => refuse(402, "billing", "billing_error"),
            Fault::Unauthorized => refuse(401, "invalid_api_key", "authentication_error"),
            Fault::Forbidden => refuse(403, "forbidden", "permission_error"),
            Fault::NotFound => refuse(404, "model_not_found", "not_found_error"),
            Fault::ContextTooLong => {
                let message = "prompt is too long: 200001 tokens > 200000 maximum";
                Refusal::new(
                    400,
                    "context_length_exceeded",
                    "invalid_request_error",
                    message,
                )
                .response(dialect)
            }
            Fault::ContentFilter => refuse(400, "content_filter", "invalid_request_error"),
            Fault::SchemaRejected => refuse(400, "invalid_json_schema", "invalid_request_error"),
            Fault::Refusal => success(dialect, request, "I cannot help with that.", End::Refused),
            Fault::Filtered => success(dialect, request, "", End::Filtered),
            Fault::Truncated => {
                success(dialect, request, "{\"intents\": [\"new_requ", End::AtBound)
            }
            Fault::InvalidJson => success(
                dialect,
                request,
                "Sure! The buyer wants a warehouse.",
                End::Whole,
            ),
            Fault::OtherShape => {
                success(dialect, request, "{\"intent\": \"greeting\"}", End::Whole)
            }
            Fault::Empty => success(dialect, request, "", End::Whole),
            Fault::OkHtml => HttpResponse::Ok()
                .insert_header(ContentType::html())
                .body(PAGE),
            Fault::Drop => severed(),
            Fault::Slow | Fault::SlowBody => unreachable!("a slow answer is an ordinary one"),
        }
    }
    /// With what the order says of how long to wait.
    fn waiting(&self, mut response: HttpResponse) -> HttpResponse {
        let limits = response.status() == StatusCode::TOO_MANY_REQUESTS;
        if limits || 0 < self.retry_after_ms {
            let name = HeaderName::from_static("retry-after-ms");
            let headers = response.headers_mut();
            headers.insert(name, self.retry_after_ms.into());
        }
        response
    }
}
