//! What is to be kept in a space, in the writer's own words.

use super::phrases::{phrase, phrases, text};
use super::tokens::{Kind, Token, is_among};
use crate::criteria::{Criteria, GOODS_CHARS_MAX};

const GOODS_WORDS_MAX: usize = 5;

/// Reads what follows "to store", "storage of", "we sell" and the like.
pub(super) fn read(tokens: &[Token], found: &mut Criteria) {
    /// They say nothing of the goods.
    const BEFORE: &str = "my our some the a lot of mis mi nuestro nuestra nuestros nuestras unos unas el la los las un una";
    /// The goods end before them.
    const AFTER: &str = "in near at by from for with w to on and or y o e en cerca de por para con we i need needs looking want necesito \
        busco que that which is are while until during asap thx thanks please pls also month months sf sqft sq ft k";
    /// They are no goods.
    const NOTHING: &str = "it them stuff things thing everything company business client clients us me myself now here there this that \
        eso esto cosas todo negocio empresa cliente clientes space warehouse bodega";
    let goods = (0..tokens.len()).find_map(|at| {
        let mut start = phrase(
            tokens,
            at,
            phrases!(
                "to store, storing, storage of|for, warehousing of|for, we sell, i sell, we import, we distribute, importer|importers of, \
                 distributor|distributors of, guardar, almacenar, almacenaje de|para, vendemos, importamos, distribuimos"
            ),
        )?;
        while is_among(text(tokens, start), BEFORE) {
            start += 1;
        }
        let words: Vec<&str> = tokens[start.min(tokens.len())..]
            .iter()
            .take_while(|token| {
                token.is_word() && !token.is_place && !token.is_taken && !is_among(&token.text, AFTER)
            })
            .take(GOODS_WORDS_MAX)
            .map(|token| token.written.as_str())
            .collect();
        // "Storage for 500 pallets" counts them.
        let first = text(tokens, start);
        let is_counted = matches!(
            tokens.get(start + words.len()).map(|token| &token.kind),
            Some(Kind::Number { .. })
        );
        let is_goods = !words.is_empty() && !is_counted && !is_among(first, NOTHING) && !first.ends_with("ing");
        is_goods.then(|| words.join(" "))
    });
    found.goods = goods.map(|goods| goods.chars().take(GOODS_CHARS_MAX).collect());
}
