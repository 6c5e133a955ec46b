//! `/_sim/llm`: how tests and the demo steer the models and look at what they were asked.

use super::fault::{Fault, Ordered};
use super::{Llm, Seen, locked};
use crate::control::{Look, refuse, scope};
use crate::journal::Page;
use crate::world::FAULTS_MAX;
use actix_web::Error;
use actix_web::web::{self, Data, Json, Query, ServiceConfig};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(
        scope("/_sim/llm")
            .route("/faults", web::post().to(order_faults))
            .route("/faults", web::delete().to(clear_faults))
            .route("/answers", web::post().to(order_answer))
            .route("/requests", web::get().to(requests)),
    );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    fault: Fault,
    #[serde(default = "one")]
    times: usize,
    #[serde(default)]
    retry_after_ms: u64,
    #[serde(default)]
    delay_ms: u64,
}

fn one() -> usize {
    1
}

/// `POST /_sim/llm/faults {"fault", "times"?: 1, "retry_after_ms"?: 0, "delay_ms"?: 0}` -> `{"waiting"}`
///
/// The next `times` requests that break no rule get this fault, first ordered first served; an unknown name gets 400 with the
/// list. `delay_ms` holds back the answer to any fault; it is all that `slow` does, which needs it. `slow_body` holds back the
/// second half of an ordinary answer.
async fn order_faults(order: Json<FaultOrder>, llm: Data<Llm>) -> Result<Json<Value>, Error> {
    if order.fault.is_ordinary() && order.delay_ms == 0 {
        return Err(refuse("a slow answer needs delay_ms"));
    }
    let mut faults = locked(&llm.faults);
    if FAULTS_MAX - faults.len() < order.times {
        return Err(refuse(format!("at most {FAULTS_MAX} faults may wait")));
    }
    let ordered = Ordered {
        fault: order.fault,
        retry_after_ms: order.retry_after_ms,
        delay: Duration::from_millis(order.delay_ms),
    };
    faults.extend(std::iter::repeat_n(ordered, order.times));
    Ok(Json(json!({ "waiting": faults.len() })))
}

/// `DELETE /_sim/llm/faults` -> `{"waiting": 0}`: forgets the faults that nobody got yet.
async fn clear_faults(llm: Data<Llm>) -> Json<Value> {
    locked(&llm.faults).clear();
    Json(json!({ "waiting": 0 }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    text: String,
}

/// `POST /_sim/llm/answers {"text"}` -> `{"waiting"}`: what the model says to the next request, word for word.
async fn order_answer(answer: Json<Answer>, llm: Data<Llm>) -> Result<Json<Value>, Error> {
    let mut scripted = locked(&llm.scripted);
    if scripted.len() == FAULTS_MAX {
        return Err(refuse(format!("at most {FAULTS_MAX} answers may wait")));
    }
    scripted.push_back(answer.into_inner().text);
    Ok(Json(json!({ "waiting": scripted.len() })))
}

/// `GET /_sim/llm/requests?since=SEQ&wait_ms=MS` -> `{"newest", "items": [{"seq", "dialect", "status", "refused", "body"}]}`
///
/// Every request, oldest first, as `/_sim/requests` are. `refused` says which rule it broke.
async fn requests(look: Query<Look>, llm: Data<Llm>) -> Json<Page<Seen>> {
    Json(llm.requests.page(look.since, look.wait()).await)
}
