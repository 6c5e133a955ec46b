//! Whoever was erased is known by a keyed hash alone. When such a contact is heard of again, the suppression that was kept
//! under the hash holds again under the number, before anything else is done.

use wex_domain::consent::{self, Keyword};
use wex_domain::job::{INBOUND, InboundPayload, suppression_record};
use wex_domain::phone_number::PhoneNumber;
use wex_queue::{Claim, Effects, Record};

use crate::attempt::Context;
use crate::disposition::Failure;

const VALID: &str = "a number and its hash make valid names";

/// Puts back the suppression of the contact that a claim is about, if it was kept; a START gives it up instead.
pub(crate) async fn recall(claim: &Claim, ctx: &Context) -> Result<(), Failure> {
    let Some(key) = &ctx.erasure_key else {
        return Ok(());
    };
    let contact = claim.key.as_str().rsplit_once(':');
    let Some(contact) = contact.and_then(|(_, contact)| PhoneNumber::parse(contact).ok()) else {
        return Ok(());
    };
    let name = key.name(&contact);
    let kept = ctx.queue.records(std::slice::from_ref(&name)).await?;
    let Some(Some(since)) = kept.into_iter().next() else {
        return Ok(());
    };
    let mut effects = Effects::from(vec![Record::delete(name).expect(VALID)]);
    if !says_start(claim) {
        let suppression = Record::set(suppression_record(&contact), since, None);
        effects.records.push(suppression.expect(VALID));
    }
    // Whoever has the claim now, if it is not us any more, does the same.
    let _settled = ctx.queue.note(claim, &effects).await?;
    Ok(())
}

fn says_start(claim: &Claim) -> bool {
    claim.queue.0 == INBOUND
        && claim.jobs.iter().any(|job| {
            InboundPayload::decode(&job.payload).is_ok_and(|InboundPayload::V1(message)| {
                consent::keyword(&message.body) == Some(Keyword::Start)
            })
        })
}
