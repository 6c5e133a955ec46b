//! Words that mean the same in an opt-out, and what people make of them with their thumbs: each becomes one word, so that the
//! rules stay few.

use std::cmp::Reverse;
use std::sync::LazyLock;

use foldhash::{HashMap, HashSet};

use crate::places::is_one_edit_apart;

/// A word of the rules, and how it is written.
const SPELLINGS: &[(&str, &str)] = &[
    (
        "stop",
        "stop refrain stp stpo sotp tsop stopp sstop st0p sto0p stahp stawp stoop cease halt desist discontinue detengan detengase \
     detenganse detener",
    ),
    ("quit", "quit"),
    ("blowing", "blowing blowin"),
    ("out", "out outta"),
    (
        "unsubscribe",
        "unsubscribe unsub unsubscrib unsuscribe unsubcribe unsubscirbe unsuscribir desuscribir desuscribo desuscribirse desuscribirme \
     desuscriba desuscribanme desapunteme desapuntenme",
    ),
    ("unsubscribed", "unsubscribed unsubbed"),
    (
        "contact",
        "contact text txt hmu message msg sms spam harass pester annoy bug hit ping hound bombard nag",
    ),
    (
        "contacting",
        "contacting texting txting messaging msging bothering spamming harassing pestering annoying bugging hitting pinging hounding \
     bombarding nagging blasting",
    ),
    (
        "contacted",
        "contacted texted messaged bothered spammed harassed contactado contactada molestado molestada solicited",
    ),
    (
        "messages",
        "messages msgs texts txts smses notifications alerts communications communication solicitations promos promotions ads adverts advertisements mensajes mensaje msj msjs mjs mensajito textos texto mensajitos avisos notificaciones anuncios promociones publicidad propaganda",
    ),
    ("sending", "sending sendin"),
    ("getting", "getting gettin"),
    ("receive", "receive recieve recive"),
    ("dont", "dont donot dnt don doesnt"),
    ("de", "de d"),
    ("que", "que q"),
    ("ya", "ya ia lla"),
    ("gracias", "gracias grasias grax"),
    ("never", "never nunca jamas"),
    ("please", "please pls plz plse plzz pleas porfavor porfa"),
    ("you", "you u yall ustedes usted"),
    (
        "remove",
        "remove removed delete deleted erase purge wipe drop scrub unlist unenroll",
    ),
    (
        "contactar",
        "contactar contactarme contactarnos comunicarse comunicarte escribir escribirme escribirnos molestar molestarme molestarnos textear textearme \
         mensajear mensajearme molestando escribiendo texteando contactando insistiendo insistir fregando chingando jodiendo fastidiando fastidiar chingar \
         fregar joder",
    ),
    (
        "mandar",
        "mandar mandarme mandarnos enviar enviarme enviarnos mandando enviando mandandome enviandome",
    ),
    (
        "contacte",
        "contacte contacten contactes chinguen chingues chingue frieguen jodan contactaran comunique comuniquen comuniques escribieran molestaran escriba escriban escribas moleste molesten molestes textee texteen fastidie fastidien insista insistan insistas",
    ),
    (
        "mande",
        "mande manden mandes notifique notifiquen envie envien envies mandeme mandenme mandaran enviaran",
    ),
    (
        "deje",
        "deje dejen deja dejar cese cesen cesar abstengase abstenganse abstengan dejenme dejeme dejame dejenos pare paren para parale parele parenle pareme parenme",
    ),
    (
        "quiteme",
        "quiteme quitenme quitame quitarme saqueme saquenme sacame sacarme borreme borrenme borrame borrarme elimineme \
         eliminenme eliminame eliminarme remuevame remuevanme canceleme cancelenme cancelame",
    ),
    (
        "borre",
        "borre borren borra borrar elimine eliminen elimina eliminar quite quiten quita quitar sacar saque saquen saca remover remueva pierda pierdan olvide quitaran quitara borraran borrara eliminaran sacaran",
    ),
    (
        "quiero",
        "quiero deseo queremos deseamos quisiera queria quiere quieren desea desean",
    ),
    ("want", "want wanna"),
    (
        "numero",
        "numero num telefono celular cel tel number phone cell digits",
    ),
];

/// Words that only say how it is meant.
const EXPLETIVES: &str = "fucking fuckin fkn damn damned goddamn freaking frickin bloody pinche pinches malditos malditas chingados";

/// Words one letter away from one of ours that mean something else.
const OTHERS: &str = "escribe escriben escribes mandan mandas envian envias contactan contactas textean sacaron quitaron borraron eliminaron mandaron enviaron contactaron molestaron escribieron anuncio contract contracts contracting contracted contraction testing massage massages exciting contacts contacto \
    contactos passages dosages molesta molestan resting nesting vesting costing hosting posting";

static OTHER_WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| OTHERS.split_whitespace().collect());

/// Shorter words are too near to too many others.
const MISSPELT_LETTERS_MIN: usize = 6;

/// Each spelling and what it means.
static MEANINGS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let expletives = EXPLETIVES
        .split_whitespace()
        .map(|expletive| (expletive, ""));
    spellings().chain(expletives).collect()
});

/// The spellings that are long enough to be misspelt, and what they mean, by their first byte. The longest first: "messags" is
/// rather "messages" than "message".
static MISSPELT: LazyLock<[Vec<(&'static str, &'static str)>; 256]> = LazyLock::new(|| {
    let mut known = [const { Vec::new() }; 256];
    for (spelling, meant) in spellings().filter(|(word, _)| word.len() >= MISSPELT_LETTERS_MIN) {
        known[usize::from(spelling.as_bytes()[0])].push((spelling, meant));
    }
    for known in &mut known {
        known.sort_by_key(|(spelling, _)| Reverse(spelling.len()));
    }
    known
});

/// The pairs of [`SPELLINGS`], each spelling by itself.
fn spellings() -> impl Iterator<Item = (&'static str, &'static str)> {
    SPELLINGS.iter().flat_map(|(meant, written)| {
        written
            .split_whitespace()
            .map(|spelling| (spelling, *meant))
    })
}

/// The word of the rules that is meant; none, if the word only says how it is meant.
pub(super) fn meant(word: &str) -> &str {
    if let Some(meant) = MEANINGS.get(word) {
        return meant;
    }
    if word.contains('k') {
        // "Kiero", "kiten".
        let with_qu = word.replace("ki", "qui").replace("ke", "que");
        if let Some(meant) = MEANINGS.get(with_qu.as_str()) {
            return meant;
        }
    }
    if word.len() < MISSPELT_LETTERS_MIN {
        return word;
    }
    MISSPELT[usize::from(word.as_bytes()[0])]
        .iter()
        .find(|(spelling, _)| is_one_edit_apart(word, spelling))
        .filter(|_| !OTHER_WORDS.contains(word))
        .map_or(word, |(_, meant)| meant)
}
