//! What holds for every request, whatever its path.

use std::future::{Future, ready};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, StatusCode, header};
use actix_web::{Error, HttpResponse};
use futures_util::future::Either;
use tokio_util::sync::CancellationToken;

/// Our longest path has 26 bytes.
const URI_BYTES_MAX: usize = 2 * 1024;

/// Aircall's headers have less than 1 KiB; the rest is for proxies.
const HEADERS_BYTES_MAX: usize = 16 * 1024;

/// Refuses a request whose address or headers are longer than any that concerns us.
pub(crate) fn bounded_head<S>(
    request: ServiceRequest,
    app: &S,
) -> impl Future<Output = Result<ServiceResponse<BoxBody>, Error>> + use<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error>,
{
    let uri_bytes = request.uri().path().len() + request.uri().query().map_or(0, str::len);
    let headers = request.headers().iter();
    let headers_bytes: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let refusal = if uri_bytes > URI_BYTES_MAX {
        StatusCode::URI_TOO_LONG
    } else if headers_bytes > HEADERS_BYTES_MAX {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    } else {
        return Either::Left(app.call(request));
    };
    let answer = HttpResponse::build(refusal).force_close().finish();
    Either::Right(ready(Ok(request.into_response(answer))))
}

/// Once we drain, every answer is the last of its connection; else a busy client would keep us from ending.
pub(crate) fn last_of_connection<S, B>(
    draining: &CancellationToken,
    request: ServiceRequest,
    app: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let draining = draining.clone();
    let answer = app.call(request);
    async move {
        let mut answer = answer.await?;
        if draining.is_cancelled() {
            let head = answer.response_mut().head_mut();
            head.set_connection_type(ConnectionType::Close);
        }
        Ok(answer)
    }
}

/// The answer to any other method.
pub(crate) fn only(method: &'static str) -> impl Future<Output = HttpResponse> {
    ready(
        HttpResponse::MethodNotAllowed()
            .insert_header((header::ALLOW, method))
            .finish(),
    )
}
