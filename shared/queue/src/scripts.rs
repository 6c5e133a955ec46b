//! The Lua scripts as callable things. Each is one atomic change; its file beside this one is its contract. `keys.lua` opens
//! every script, and what it has gathered is written when the script has run.

use std::sync::LazyLock;

use redis::Script;

macro_rules! script {
    ($(#[$doc:meta])* $name:ident, $file:literal) => {
        $(#[$doc])*
        pub(crate) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(concat!(
                include_str!("scripts/keys.lua"),
                "local function run()\n",
                include_str!(concat!("scripts/", $file)),
                "end\nlocal reply = run()\nwrite_gathered()\nreturn reply\n",
            )));
    };
}

script!(ENQUEUE, "enqueue.lua");
script!(CLAIM, "claim.lua");
script!(COMPLETE, "complete.lua");
script!(RETRY, "retry.lua");
script!(POSTPONE, "postpone.lua");
script!(BURY, "bury.lua");
script!(BURY_NEW, "bury_new.lua");
script!(RENEW, "renew.lua");
script!(RELEASE, "release.lua");
script!(NOTE, "note.lua");
script!(PAUSE, "pause.lua");
script!(RESUME, "resume.lua");
script!(GATES, "gates.lua");
script!(SET_GATE, "set_gate.lua");
script!(CORRECT_RATE, "correct_rate.lua");
script!(TAKE_TOKEN, "take_token.lua");
script!(SPEND, "spend.lua");
script!(SURVEY, "survey.lua");
script!(OLDEST, "oldest.lua");
script!(PEEK, "peek.lua");
script!(LOAD, "load.lua");
script!(NOW, "now.lua");
script!(LEASE, "lease.lua");
script!(ADD_UP, "add_up.lua");
script!(REMEMBER, "remember.lua");
script!(LETTERS, "letters.lua");
script!(GROUPS, "groups.lua");
script!(TALLY, "tally.lua");
script!(COUNT, "count.lua");
script!(REPLAY, "replay.lua");
script!(DISCARD, "discard.lua");
script!(EDIT, "edit.lua");
script!(SETTLE_LETTER, "settle_letter.lua");
script!(APPLY, "apply.lua");
script!(RESTORE, "restore.lua");
script!(ERASE, "erase.lua");
script!(AUDIT, "audit.lua");
script!(BEAT, "beat.lua");
script!(READ_EVENTS, "read_events.lua");
script!(TAKE_EVENTS, "take_events.lua");
script!(LEAVE_EVENTS, "leave_events.lua");
