//! `wex aircall numbers`: the account's numbers.

use clap::Args;
use serde_json::json;

use super::account::{Account, about};
use crate::operator::CommandError;
use crate::output::{self, Table, line, note};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: &Options) -> Result<(), CommandError> {
    let account = Account::open()?;
    let numbers = account.client.numbers().await;
    let numbers = numbers.map_err(about("list the account's numbers"))?;
    if numbers.is_cut {
        note("wex: the account has more numbers than these, which are the first");
    }
    let ours = |id| {
        account
            .settings
            .side_of(id)
            .map_or("", |side| side.as_str())
    };
    if options.json {
        return numbers.items.iter().try_for_each(|number| {
            output::json(&json!({
                "id": number.id,
                "name": number.name,
                "digits": number.digits,
                "country": number.country,
                "line": Some(ours(number.id)).filter(|line| !line.is_empty()),
            }))
        });
    }
    if numbers.items.is_empty() {
        return line("The account has no numbers.");
    }
    let mut table = Table::new(&["ID", "DIGITS", "COUNTRY", "OURS", "NAME"]);
    for number in &numbers.items {
        table.row(&[
            number.id.to_string(),
            number.digits.clone(),
            number.country.clone(),
            ours(number.id).to_owned(),
            number.name.clone(),
        ]);
    }
    table.print()?;
    for ours in account
        .settings
        .lines()
        .into_iter()
        .filter(|ours| ours.id.is_none())
    {
        note(&format!(
            "wex: {} is to hold the id of the {} line",
            ours.id_name(),
            ours.side
        ));
    }
    Ok(())
}
