//! The two plain servers that the ingress is measured beside, each with a thread per core, as actix has it by
//! itself. With one thread, as the ingress has, either is within 4 % of that.

use actix_web::{App, HttpResponse, HttpServer, web};
use redis::aio::MultiplexedConnection;
use serde_json::Value;

use crate::report::say;
use crate::{Error, PATH};

pub(crate) const PARSE: &str = "serve-parse";
pub(crate) const PUSH: &str = "serve-push";

/// What a server says once it listens, before its address.
pub(crate) const READY: &str = "listening on";

/// Serves until it is killed: parses and answers; with a `redis_url`, also pushes the body to a list.
pub(crate) fn serve(redis_url: Option<&str>) -> Result<(), Error> {
    actix_web::rt::System::new().block_on(async {
        let redis = match redis_url {
            Some(url) => Some(
                redis::Client::open(url)?
                    .get_multiplexed_async_connection()
                    .await?,
            ),
            None => None,
        };
        let redis = web::Data::new(redis);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(redis.clone())
                .route(PATH, web::post().to(take))
        })
        .bind(("127.0.0.1", 0))?;
        say(&format!("{READY} {}", server.addrs()[0]));
        server.run().await?;
        Ok(())
    })
}

async fn take(body: web::Bytes, redis: web::Data<Option<MultiplexedConnection>>) -> HttpResponse {
    // As leniently as deliveries have to be read: into a value, from which the fields are then taken.
    let Ok(delivery) = serde_json::from_slice::<Value>(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    let fields = [
        &delivery["event"],
        &delivery["token"],
        &delivery["data"]["id"],
        &delivery["data"]["external_number"],
        &delivery["data"]["body"],
    ];
    if fields.iter().any(|field| field.as_str().is_none()) {
        return HttpResponse::BadRequest().finish();
    }
    if let Some(redis) = redis.get_ref() {
        let mut redis = redis.clone();
        let pushed: Result<u64, _> = redis::cmd("RPUSH")
            .arg("plain")
            .arg(body.as_ref())
            .query_async(&mut redis)
            .await;
        if pushed.is_err() {
            return HttpResponse::ServiceUnavailable().finish();
        }
    }
    HttpResponse::Ok().json(serde_json::json!({ "status": "accepted" }))
}
