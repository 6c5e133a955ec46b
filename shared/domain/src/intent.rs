//! What a turn is for. A closed list, so that a decision can be checked to know all of it.

use serde::{Deserialize, Serialize};

macro_rules! intents {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// The purpose of a turn. Its word is what a model answers and what records hold.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Intent {
            $($(#[$doc])* #[serde(rename = $word)] $name,)+
        }

        impl Intent {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

intents! {
    NewRequirement = "new_requirement",
    UpdateRequirement = "update_requirement",
    SelectOption = "select_option",
    RejectOptions = "reject_options",
    RequestMoreOptions = "request_more_options",
    AskListingQuestion = "ask_listing_question",
    Negotiate = "negotiate",
    RequestTour = "request_tour",
    RescheduleTour = "reschedule_tour",
    CancelTour = "cancel_tour",
    Confirm = "confirm",
    Decline = "decline",
    RequestHuman = "request_human",
    AskGeneralQuestion = "ask_general_question",
    AskIdentity = "ask_identity",
    Greeting = "greeting",
    Acknowledge = "acknowledge",
    CloseRequirement = "close_requirement",
    Defer = "defer",
    Complaint = "complaint",
    WrongNumber = "wrong_number",
    OffTopic = "off_topic",
    Adversarial = "adversarial",
    AutoReply = "auto_reply",
    Unclear = "unclear",
    OptOut = "opt_out",
    OptIn = "opt_in",
    Help = "help",
    SupplierNewListing = "supplier_new_listing",
    SupplierAvailabilityUpdate = "supplier_availability_update",
    SupplierRateUpdate = "supplier_rate_update",
    SupplierListingUpdate = "supplier_listing_update",
    SupplierTourResponse = "supplier_tour_response",
    SupplierDelist = "supplier_delist",
    SupplierAskQuestion = "supplier_ask_question",
}
