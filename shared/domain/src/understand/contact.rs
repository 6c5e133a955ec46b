//! Who writes: a name, a company, an e-mail address, as far as a text introduces them.

use std::sync::LazyLock;

use super::phrases::{Phrases, phrase, phrases, text};
use super::tokens::{Kind, Token, is_among};
use crate::criteria::Criteria;

const NAME_CHARS_MAX: usize = 60;

const NAME_WORDS_MAX: usize = 4;

/// Reads who writes.
pub(super) fn read(tokens: &[Token], found: &mut Criteria) {
    static NAMED: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new(
            "this is, my name is, my names, name is, im, i am, me llamo, mi nombre es, soy, it is, its, habla, le habla, habla|hablas con, le|te escribe|saluda, mi nombre, contact is, ask for",
        )
    });
    static COMPANY: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new(
            "w, with, from, at, of, de, del, company is, company name is, mi empresa es, empresa, compania, de la empresa|compania, represento, represent, representing, we are, were, somos, we re, on behalf of",
        )
    });
    for token in tokens {
        if token.kind == Kind::Opaque && is_email(&token.written) {
            found.email = Some(token.written.trim_start_matches("mailto:").to_lowercase());
        }
    }
    for at in 0..tokens.len() {
        let Some(end) = phrase(tokens, at, &NAMED) else {
            continue;
        };
        // "No soy Marta".
        if at > 0 && is_among(text(tokens, at - 1), "no not") {
            continue;
        }
        let is_small = || {
            phrase(
                tokens,
                at,
                phrases!("my name is, my names, me llamo, mi nombre es"),
            )
        };
        let small = is_small().and_then(|start| small_name(tokens, start));
        let name = name_at(tokens, end, false).or(small);
        let Some((name, end)) = name else {
            continue;
        };
        // "I'm Looking", "soy Comprador": a word that is no name.
        found.contact_name = Some(name);
        let joint = if text(tokens, end) == "," {
            end + 1
        } else {
            end
        };
        if let Some(after) = phrase(tokens, joint, &COMPANY) {
            let after = after + usize::from(text(tokens, after) == "/");
            let small = || is_small().and_then(|_| small_name(tokens, after));
            if let Some((company, _)) = name_at(tokens, after, true).or_else(small) {
                found.company = Some(company);
            }
        } else if let Some((company, _)) =
            name_at(tokens, joint, true).filter(|(name, _)| is_company(name))
        {
            found.company = Some(company);
        }
        break;
    }
    if found.contact_name.is_none() {
        introduced(tokens, found);
    }
    // "Kind regards, Pieter Smit".
    let signed = (0..tokens.len()).find_map(|at| {
        let end = phrase(
            tokens,
            at,
            phrases!("regards, sincerely, saludos, atentamente, atte"),
        )?;
        let skipped = tokens[end..]
            .iter()
            .take_while(|token| is_among(&token.text, ", . \n"))
            .count();
        name_at(tokens, end + skipped, false)
    });
    if let (None, Some((name, _))) = (&found.contact_name, signed) {
        found.contact_name = Some(name);
    }
    for at in 0..tokens.len() {
        if found.company.is_none()
            && let Some(end) = phrase(
                tokens,
                at,
                phrases!(
                    "im with, i am with, i work for, we are with, company is, company name is, mi empresa es, represento a, trabajo para|en, on behalf of, i represent|rep, my|our company|business|firm, mi|nuestra empresa|compania"
                ),
            )
            && let Some((company, _)) =
                name_at(tokens, end + usize::from(text(tokens, end) == ","), true)
        {
            found.company = Some(company);
        }
    }
}

/// "My name is mike torres from apex roofing": a word or two in small letters, and nothing else before the clause goes on.
fn small_name(tokens: &[Token], at: usize) -> Option<(String, usize)> {
    const WORDS_MAX: usize = 2;
    const ENDS: &str = "and y from with w at of de del n need i we";
    const NEVER: &str = "the a an on in not no at to for still already also just wrong misspelled spelled listed known and y de el la un una";
    let is_end = |at: usize| {
        tokens
            .get(at)
            .is_none_or(|token| token.is_clause_end() || is_among(&token.text, ENDS))
    };
    let is_part = |at: usize| {
        tokens.get(at).is_some_and(|token| {
            token.is_word()
                && !token.is_place
                && token.text.len() > 1
                && !is_among(&token.text, NEVER)
        })
    };
    let words = (at..at + WORDS_MAX)
        .take_while(|&at| is_part(at) && !is_end(at))
        .count();
    let name: Vec<String> = tokens
        .get(at..at + words)?
        .iter()
        .map(|token| {
            let mut letters = token.written.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(letters).collect()
            })
        })
        .collect();
    (words > 0 && is_end(at + words)).then(|| (name.join(" "), at + words))
}

/// "Hi, Priya Nair from Sunleaf Teas here", "Marcus here": who begins with a name, and says that it is one.
fn introduced(tokens: &[Token], found: &mut Criteria) {
    const GREETINGS: &str = "hi hello hey hola buenas buenos dias tardes noches good morning afternoon evening aqui there , . !";
    let start = tokens
        .iter()
        .position(|token| !is_among(&token.text, GREETINGS))
        .unwrap_or(tokens.len());
    let Some((name, end)) = name_at(tokens, start, false) else {
        return;
    };
    let from = phrase(tokens, end, phrases!("from, with, w, at, of, de, del, con"));
    let company = from.and_then(|from| name_at(tokens, from, true));
    let after = company.as_ref().map_or(end, |(_, after)| *after);
    let is_here = text(tokens, after) == "here" || start > 0 && text(tokens, start - 1) == "aqui";
    let ends_clause =
        tokens.get(after).is_none_or(Token::is_clause_end) || text(tokens, after) == ",";
    if is_here || company.is_some() && ends_clause {
        found.contact_name = Some(name);
        found.company = company.map(|(company, _)| company);
    }
}

/// How names of companies end.
pub(super) const COMPANY_KINDS: &str = "llc inc co corp company ltd lp llp logistics transport trucking foods moving bros sons imports exports distributors enterprises group industries sa cv";

/// Whether a name says itself that it is a company's.
fn is_company(name: &str) -> bool {
    let last = name.rsplit(' ').next().unwrap_or_default().to_lowercase();
    is_among(&last, COMPANY_KINDS)
}

fn is_email(written: &str) -> bool {
    written.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.contains('.')
            && written.len() <= NAME_CHARS_MAX * 2
            && !written.contains("://")
    })
}

/// Capitalised words from `at`, and the token after them. A company may have "&" and numbers in its name.
fn name_at(tokens: &[Token], at: usize, is_company: bool) -> Option<(String, usize)> {
    const NEVER: &str = "the a an looking interested trying searching calling texting still not just in on at good ok okay for here warehouse wex real \
        this that yes no need needing ready available sorry from with w i im we my our el la un una busco buscando interesado interesada comprador \
        el dueno owner broker agent tenant buyer driving done leasing";
    let mut end = at;
    let mut name = String::new();
    while let Some(token) = tokens.get(end) {
        let is_name = |token: &Token| token.is_word() && token.is_capitalised && !token.is_place;
        // "Muebles La Silla", "Casa de la Luz".
        let joins = is_company
            && is_among(&token.text, "& and y de del el la los las the")
            && tokens[end + 1..]
                .iter()
                .find(|next| !is_among(&next.text, "de el la los las"))
                .is_some_and(is_name);
        let is_part = (is_name(token) && !is_among(&token.text, NEVER))
            || (joins && (end > at || token.is_capitalised));
        if !is_part || end - at >= NAME_WORDS_MAX {
            break;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(&token.written);
        end += 1;
    }
    let name = name.trim_end_matches([' ', '&', '.']).to_owned();
    (name.chars().count() >= 2 && name.chars().count() <= NAME_CHARS_MAX).then_some((name, end))
}
