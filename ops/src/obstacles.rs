//! What stands in the way of an answer, beside the queue itself: a person who has the conversation, a contact who opted out, a
//! send of which nobody has said yet whether it left.

use serde::Serialize;
use wex_domain::conversation::{Control, Conversation, ConversationId};
use wex_domain::job::{
    INBOUND, OUTBOUND, OutboundPayload, conversation_record, held_record, resumed_record,
    send_record, suppression_record,
};
use wex_domain::message::Purpose;
use wex_queue::{KeyState, PeekedKey, Queue, QueueError, QueueName};

use crate::time::ago;

/// Conversations that are looked up with one command: their records together are a few megabytes at most.
const AT_ONCE: usize = 50;

/// Since when what stands in the way of one conversation, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Obstacles {
    /// A person has it.
    pub(crate) held_since_ms: Option<u64>,
    /// The contact has opted out, or takes no texts.
    pub(crate) suppressed_since_ms: Option<u64>,
    /// Its first reply was handed to Aircall, and Aircall has not said what became of it.
    pub(crate) unknown_since_ms: Option<u64>,
}

impl Obstacles {
    /// Those of each key, in their order; none of a key that is no conversation's.
    pub(crate) async fn of(queue: &Queue, keys: &[PeekedKey]) -> Result<Vec<Self>, QueueError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(AT_ONCE) {
            let names: Vec<_> = keys.iter().map(names).collect();
            let asked: Vec<_> = names.iter().flatten().cloned().collect();
            let mut records = match asked.is_empty() {
                true => Vec::new(),
                false => queue.records(&asked).await?,
            }
            .into_iter();
            for names in names {
                found.push(Self::read(records.by_ref().take(names.len()).collect()));
            }
        }
        Ok(found)
    }

    /// Pure. `records`: those that [`names`] names, or none.
    fn read(records: Vec<Option<String>>) -> Self {
        let mut records = records.into_iter().map(Option::unwrap_or_default);
        let mut next = || records.next().unwrap_or_default();
        let [held, resumed, conversation, suppressed, intent] = std::array::from_fn(|_| next());
        let time = |record: &str| (!record.is_empty()).then(|| record.parse().unwrap_or(0));
        let control = serde_json::from_str(&conversation)
            .map_or(Control::Bot, |conversation: Conversation| {
                conversation.control
            });
        let handed_over = match control {
            Control::Human { since_ms, .. } => Some(since_ms),
            Control::Bot => None,
        };
        // As the turn reads it: a person may have given back since what the assistant had handed over.
        let handed_over =
            handed_over.filter(|since_ms| time(&resumed).is_none_or(|given| given <= *since_ms));
        Self {
            held_since_ms: time(&held).or(handed_over),
            suppressed_since_ms: time(&suppressed),
            unknown_since_ms: time(&intent),
        }
    }

    /// In words, what becomes of the jobs of `key` for it; `None` when nothing stands in their way. Pure.
    pub(crate) fn say(&self, queue: QueueName, key: &PeekedKey, now_ms: u64) -> Option<String> {
        let is_reply = queue.0 == OUTBOUND;
        if !is_reply && queue.0 != INBOUND {
            return None; // News and notices go their way.
        }
        let purpose = key.head.as_ref().and_then(|job| {
            let decoded = OutboundPayload::decode(&job.payload).ok()?;
            let OutboundPayload::V1(reply) = decoded;
            Some(reply.purpose)
        });
        if is_reply && purpose.is_some_and(Purpose::is_allowed_after_opt_out) {
            return None;
        }
        let reply = match purpose {
            Some(_) => "the reply is withheld when its turn comes",
            None => "the assistant is silent",
        };
        let held = self.held_since_ms.map(|since_ms| {
            format!(
                "a person has the conversation since {}: {reply} (wex conversations resume gives it back)",
                ago(since_ms, now_ms)
            )
        });
        let suppressed = self.suppressed_since_ms.map(|since_ms| {
            format!(
                "the contact has opted out or takes no texts since {}: {reply} (wex consent list says which)",
                ago(since_ms, now_ms)
            )
        });
        let all: Vec<_> = held.into_iter().chain(suppressed).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Since when the first reply of `key` waits for news of it.
    pub(crate) fn waits_for_news_since(&self, key: &PeekedKey) -> Option<u64> {
        self.unknown_since_ms
            .filter(|_| !matches!(key.state, KeyState::Running { .. }))
    }
}

/// The records that say it; see [`Obstacles::read`].
fn names(key: &PeekedKey) -> Vec<String> {
    let Some(id) = ConversationId::from_key(key.key.as_str()) else {
        return Vec::new();
    };
    let head = key.head.as_ref().map(|job| send_record(job.id));
    let mut names = vec![
        held_record(&id),
        resumed_record(&id),
        conversation_record(&id),
        suppression_record(&id.contact),
    ];
    names.extend(head);
    names
}
