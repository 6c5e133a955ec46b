//! Opt-outs in other words than a keyword, in English and Spanish.
//!
//! A text is read clause by clause, in the words of [`vocabulary`](super::vocabulary). A rule has a pattern, a guard that looks
//! at what stands before it ("don't stop texting me" is the opposite), and a tail that looks at what follows ("stop by", "stop
//! sending me stuff in Riverside"). The direction of error: a false opt-out costs the contact one START, a missed one texts
//! somebody who asked not to be.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::vocabulary::meant;
use super::{Signal, words};
use crate::phrases::{self, any_of, contains, length, places, spelled};

/// What may stand before a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// No denial of it.
    Denial,
    /// No subject that makes a statement of it: "they never text me".
    Subject,
    Nothing,
}

/// What may stand behind a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    /// Anything; with a condition it is ambiguous.
    Open,
    /// Nothing that matters, or it is ambiguous.
    Closed,
    /// Nothing that matters, or it is no opt-out at all.
    Bare,
    /// Nothing, as nothing may stand before it; even then it is only a hint.
    Hint,
}

const RULES: &[(Guard, Tail, &str)] = &[
    (
        Guard::Denial,
        Tail::Open,
        "stop|quit contacting|contact|messages, stop|quit|end the|all|these|those|your|any|my * messages|contact|contacting, \
         stop|quit|enough sending|with|w|getting|receiving * messages|contact|contacting|these|those|this|that|them|em|stuff|crap|shit|junk|things|anything, \
         stop|quit blowing, stop|quit * contactar, stop|quit mandar * messages, stop|quit from * contact|contacting|messages, stop|quit reaching|reach out to me|us, consider|you|must|hereby|please|to * stop and stop, this is * stop and stop, stop|quit it|con * messages, get|make * messages * stop|quit, messages to stop|quit, fuck|f|piss|bugger|back|lay|ease off * messages, \
         remove mr|mrs|ms|miss|him|her * from|off your|ur|the contacts|list|lists|system|database, take|get|pull mr|mrs|ms|miss|him|her|them * off|from|out * contacts|list|lists|system|database, let me|us off|out * list|lists, asked|told|requested|want|wanted|need|like|wish to be|get remove, have|get me|us remove, have|get my|our|this numero|name|info|information remove, want|wish off * list|lists, be|get|me|us taken|left|kept off|from|out * list|lists|messages|these, forget you * my|our|this numero, thought i unsubscribed|opted, opt|opting out * these|messages, told|asked|said|tell|beg|begging you|u|yall|guys|them * stop, contacted|replied|wrote|said|say|saying|repeat|typed|sent stop, \
         kill|mute|silence|ditch|disable|deactivate these|those|the|all|your|any|my * messages, stop|quit disturbing me|us, \
         what|which part of stop, enough of * messages, enough messages, enough already * messages, with all these|those|your messages, knock|cut it|this|that off|out with * messages, messages|contacting * must|should|need|needs|have|has|gotta|can * stop|end, messages * * be|get stop|stopped|ended|ceased|terminated, stop please, love of god|all * stop, make|making these|this|messages stop, how * stop getting|receiving|messages|contacting, \
         unsubscribe, want|wish|like|please|get|be|me unsubscribed, opt me|us|my|this out, turn|shut|switch off * messages|contacting, \
         turn|shut|switch * messages off, want|wish|like|prefer|rather to|be * left alone, \
         remove me|us, remove * and|y my|our numero|info|name, remove|lose|forget|trash my|our|this * numero|info|information|name|data, \
         take|get|pull|strike|scratch|cross me|us|my|this * off|from|out * list|lists|system|database|thread|messages, \
         take|get|pull * numero off|from|out, leave me|us alone|be, leave me|us * alone, get|getting off|from this|the|your|ur * list|lists, put|add|on * * dnc, want|wanna|how * stop|quit getting|receiving these|this, \
         revoke|revoking|withdraw|withdrawing|cancel|end * consent|permission|subscription|messages, \
         deje de * contactar, deje de * messages, deje con * messages, deje en paz, dejarme|dejarnos en paz, deje|dejar de recibir, deje|dejar de usar este|mi|nuestro numero, estuvo * de|con * messages, deje|suspenda|suspendan todo|cualquier contacto|comunicacion, sea|fuera|era * ultimo|ultima messages, \
         quiteme de * lista|listas|sistema|contactos|base, apague|apaguen * maquina|robot|bot, borre mi|mis|este|nuestro|nuestros|me * numero|nombre|contacto|contactos|lista|datos|informacion, \
         dar|darme|deme|denme|dame|dan|den|darnos|doy|darse|dense * de baja, \
         cancelar|cancele|cancelen|cancela|cancelo|descontinue|descontinuen|descontinuar|anular|anule|anulen|desactive|desactiven|desactivar|apague|apaguen|suspenda|suspendan|suspender * suscripcion|messages, \
         salir|salirme|salgo|salirnos de * lista|listas|suscripcion|messages, olvidese|olvidense|olvidate de mi|mis|este * numero, \
         basta|alto * de|a|con * messages, me|nos|la|lo * borre de * lista|listas|sistema|base, borre|quiteme * * de|desde sus|tus|los|estos messages, retiro|revoco|cancelo * consentimiento|permiso|autorizacion",
    ),
    (
        Guard::Subject,
        Tail::Open,
        "dont|never contact|contacting me|us|back|again|anymore|further, dont|never contact|contacting this|my|our numero|line, \
         dont|never ever|be|keep|even|again|please|dare contact|contacting me|us|this|my|our|again, dont you dare|ever * contact|contacting, \
         never hear from you, no|ni me|nos llegue|lleguen * messages|nada, \
         dont|never reach out to me|us, dont|never call|email or|and|nor contact me|us|this|my|our|again|anymore|ever, dont|never contact or|and|nor call|email me|us|this|my|our|again|anymore|ever, no|ni|never * use|usen|usar|utilice|utilicen este|esta|mi|nuestro numero|linea, no|ni|never se contacte conmigo|nosotros, no|ni|never se|me|nos pongan|ponga en contacto, dont|never use this numero, dont|never send|sending|forward|forwarding me|us|this * messages|these|those|stuff|crap|shit|junk, \
         dont|never send|sending * messages, dont|never send|sending * here|there anymore|again, dont|never send any more of them|these|those, dont|never send|sending another|any|one|more * contact, dont|never send|sending me|us * more|any of these|them|those, dont|never solicit|soliciting, no|ni|never me|nos contacte|contactar, no|ni|never me|nos|le|les mande * messages, no|ni mande * messages, no|ni|never mande nada aqui|aca|a, ponga|pongan|ponganme|pongame|pongannos * lista de no contactar, no|ni|never me|nos mande mas info|informacion|correos, dont|never be|keep sending * messages|these|those|stuff|crap|things|me|us, no|ni|never le|les mande|contacte messages|nada|mas, no|ni|never mandar * messages|nada, no|ni|never vuelva|vuelvan|vuelvas|siga|sigan|sigas|volver|seguir * mandar * messages|nada, \
         no|ni|never * vuelva|vuelvan|vuelvas|siga|sigan|sigas|ande|anden|este|esten|volver|seguir * contactar, \
         dont|never disturb me|us, \
         no|ni|never me|nos vuelva|vuelvan|vuelvas|siga|sigan|sigas|ande|anden|este|esten|volver|seguir * mandar",
    ),
    (
        Guard::Nothing,
        Tail::Open,
        "dont call|contact|solicit list|registry, dont|not want|wish|like|need|care|appreciate * messages|contacted, dont|not want|wish|like|need|care|appreciate to * messages|contacted, \
         dont|not want|wish|like|need|appreciate * contact|contacting me|us, no longer want|wish|need|care * messages|contacted, \
         favor|pido|ruego|suplico|agradezco|agradeceria * no contactar|contacte, uninterested in * messages|contacted|hearing, longer|never interested in * messages|contacted|hearing, no me|nos interesa|interesan * messages|contacted, dont|not|longer want|wish|like|need|care * on|in this|your|ur|the|any * list|lists|system|database, \
         dont|not|never want|wish|like|need|care * hear from you|yall|them|anyone, \
         want|wish|like|love|hope|ask|asks|asked * not * get|receive|be * messages|contacted, \
         dont|not want|wish|like|need|care * get|receive|getting|receiving these|those|them, \
         appreciate|like|love|prefer|nice|great * if you didnt|stopped|stop|quit|wouldnt|dont * contact|contacting|messages|sending, rather|prefer not get|receive|be * messages|contacted, rather|prefer not * get|receive|have * of these|those|this, rather|prefer not * get|receive|have these|those|them * anymore|again|any|ever, prefer not to get|receive|be * messages|contacted, prefer|like|want not to get|receive * of these|those|this, \
         rather|prefer|wish you|they * dont|not|didnt|wouldnt contact|contacting, \
         want|wish|need no more|further messages|contact, no more|further follow|followups|outreach, no follow|followups up|ups, could|can|would|will you * not contact|contacting me|us|this|my|our|her|him, please not contact|contacting, \
         nobody|noone|one|none * * contact|contacting|messages me|us again|anymore|ever, last one|time|messages i|we * get|receive|hear|see * from you, appreciate|prefer|like|nice|great * if * * didnt|wouldnt * get|receive * * messages, \
         no hace falta|es * que|de * mandar|mande * messages, no hace falta|es * que|de * contacte|contactar, si me|nos sigue|siguen|vuelve|vuelven llegando|llegar|mandar * messages, si me|nos llega|llegan|mandan|contacte otro|otra|mas|un * messages, la|el otra|otro|proxima|proximo que me|nos * contacte|mande|escriban|manden|llegue, no se me|nos contacte, no contacte con|de * messages, numero * no * vuelva|vuelvan|vuelvas * usar|usarlo, want|wish|care|like|need to hear another|one|any * word|thing|peep, rather never|not * hear from, no more|further messages|contact|contacting, \
         dont|never|not|didnt consent|authorize|allow|permit|agree * contact|contacted|contacting|messages, \
         no|not|never|dont|without * permission|consent|authorization * contact|contacted|contacting|messages, \
         blocking|block|blocked|reporting|report|reported you, blocking|block|reporting|report this|your numero, \
         reporting|report|reported * as|for contact, mark|marking|marked|flag|flagging|flagged this|it|you|these|your|numero * as contact|junk, youre|are blocked|reported, report|reporting|reported * fcc|ftc|carrier|authorities, \
         or my|our lawyer|attorney gets|will|is|calls|hears, make|let|hope|better|should|must this|it|that|be * last contact|messages, messages are|is * not|never|hardly welcome|wanted|appreciated, unwelcome|unwanted messages, ultimo|ultima messages que quiero, ni un|una|otro|otra messages mas, no quiero * mas informacion|info|ofertas, no quiero|quieren que le|les|lo|la|los|las contacte|mande|contactar, \
         if you * contact|contacting me|us * * lawyer|attorney|sue|suing|report|reporting|file|filing|block|blocking|police|fcc|ftc|bbb|court, \
         no need for|of * messages|contacting, no need to * contact me|us|this again|any|anymore|ever|further, no need to * contact again|any|anymore|further, no need for|of further|more contact, want|wants no part|parts, no|dont need|have * keep|continue contacting|sending, or|nor contact|contacting me|us ever|anymore, another|more|next|further contact|messages|of * * and|or|goes|i|im|ill|we|will|gets * * lawyer|attorney|cops|sue|suing|reporting|reported|blocking|blocked|police|court|fcc|ftc|bbb, \
         another|more|next|further contact|messages|of * * and|or|i|im|ill|we|will|gets * report|block you|this|these|it|your, \
         un|una messages mas * y|o|los|lo|te|les * reporto|reportar|denuncio|denunciar|demando|demandar|bloqueo|bloquear|abogado|policia|fcc, otro|otra|mas messages * * y|o|los|lo|te|les * reporto|reportar|denuncio|denunciar|demando|demandar|bloqueo|bloquear|abogado|policia|fcc, \
         si me|nos vuelve|vuelven|vuelves|sigue|siguen|sigues|escribe|escriben|escribes|manda|mandan|mandas|contacte|mande * * * reporto|reportar|denuncio|denunciar|demando|demandar|bloqueo|bloquear|abogado|policia, \
         bloquear|bloqueare|bloqueo|reportar|reportare|reporto este|su|sus|a|los|al * numero|you, \
         los|lo|las|la|les|te voy|vamos a bloquear|reportar|denunciar, no quiero * messages|contacted, no quiero nada de|con you, no quiero recibir|saber * nada|mas|informacion|info|ofertas, prefiero|preferiria|preferimos * no recibir|tener * messages, no quiero|quieren * recibir * messages, \
         dont|not|longer want|wish|need|care * get|getting|receive|receiving * info|information|offers, \
         dont|not want|wish|like|need|care * anything|nothing|more from you|yall|them|wex, no quiero|necesito|ocupo que me|nos contacte, no quiero|necesito|ocupo que me|nos|le|les * llegue|lleguen * messages, no quiero que me|nos|le|les llegue|lleguen otro|nada|mas, no quiero que me|nos mande * messages|nada|esto, \
         no|ya mas|no messages, no autorizo|consiento * messages|contacte|contactar|mande|mandar, \
         no doy|di|tienen|tiene * permiso|autorizacion|consentimiento deje|de * messages|contacte|contactar|mande|mandar",
    ),
    (
        Guard::Denial,
        Tail::Closed,
        "quiteme de ahi|aqui|esto|eso|alli|todo, stop|quit sending me|us|it, please|just|can|could|will|would * stop, opt|opting out, optout, stop|quit reaching|reach out, you * need|have|got|must|should|gotta to|please|just stop, appreciate|love|prefer|nice|great|grateful|thankful * if you|youd * stop|stopped|quit, how * stop this|these|it, \
         remove|take from|off * list|lists|system|database, like|want|need off it|these, turn|shut|switch this|the|your * bot|robot|thing|machine|ai off, deje de mandar",
    ),
    (
        Guard::Subject,
        Tail::Closed,
        "no contacting|messages, no doy|di|tienen|tiene * permiso|autorizacion|consentimiento, \
         no quiero que me|nos mande, if you contact|contacting me|us again, \
         no|ni mandar mas, no|ni|never vuelva|vuelvan|vuelvas|siga|sigan|sigas|volver|seguir * mandar, no|ni me mande mas, dont|never send me|us more|any|another",
    ),
    (
        Guard::Subject,
        Tail::Bare,
        "dont|never contact|contacting, dont|never reach out, dont|never follow up, dont|never send another|anything|anymore|any|more, dont|never send her|him any|more|anything, dont|never write, dont|never write back, no more of these|those|this, no autorizo|consiento, no|ni|never me|nos mande nada|otro|otra|ninguno|ya, no|ni|never me|nos mande absolutamente nada, no|ni contacte, no quiero recibir, ya no mande, ya no me|nos|le|les mande, no le|les contacte, dont|never send me|us anything|nothing",
    ),
    (
        Guard::Denial,
        Tail::Bare,
        "take|get|pull me|us|this off, turn|shut|switch these|this|it off, go away, fuck|f|piss|buzz|bugger off, get lost, quiteme, \
         quit|knock|cut it|this|that * off|out, quit it, be|get taken off, want|wish out, make it|them stop, quiero salirme",
    ),
    (
        Guard::Nothing,
        Tail::Hint,
        "enough, enough already, blocked, reported, please no more, no more please, no mas por favor, ya no lo haga|hagan|hagas, dont * come back * inbox, why am i still getting|receiving these|messages, no contactar, who gave you * permission|right|consent, who gave|told|said|let * * contact me|us, quien le|les dio * permiso, quien le|les dio * permiso de|para contactar|mandar, no lo vuelva|vuelvan|vuelvas a hacer, ni uno|una|otro mas, me|nos tienen|tiene harto|harta|hartos|cansado|cansada * messages, quien le|les dio mi numero, dont * do it|this|that again|anymore, under|per|by|violates|violating the tcpa, tcpa violation|violations, id|i|we * rather not get|receive these|those|this, this|its is|a contact, never|didnt * signed|sign|subscribed|subscribe|asked|agreed * for|to this|messages|these, \
         i|we never|didnt * signed|sign|subscribed|subscribe|asked|agreed * for|to this|messages|these, \
         this|its is harassment|harassing|stalking, its harassment, esto es acoso, fuck|screw you",
    ),
];

/// One pattern of [`RULES`].
struct Rule {
    guard: Guard,
    tail: Tail,
    pattern: Vec<&'static str>,
}

/// The rules by the words that they may begin with, for every text passes here.
static BY_FIRST_WORD: LazyLock<HashMap<&'static str, Vec<Rule>>> = LazyLock::new(|| {
    let mut rules: HashMap<_, Vec<Rule>> = HashMap::new();
    for &(guard, tail, patterns) in RULES {
        for pattern in patterns.split(", ") {
            let pattern: Vec<&'static str> = pattern.split_whitespace().collect();
            for first in pattern[0].split('|') {
                let pattern = pattern.clone();
                rules.entry(first).or_default().push(Rule {
                    guard,
                    tail,
                    pattern,
                });
            }
        }
    }
    rules
});

/// Words that alone in a clause ask for it, among words that say nothing.
const STRONG: &str = "stop unsubscribe stopall optout basta";

/// Words that do so as the whole text, among polite ones.
const WEAK: &str = "deje cancel end quit revoke remove alto parar detener cancelar baja";

const POLITE: &str = "please hey hi hola now thanks thank you por favor gracias ya ok okay";

/// Words that say nothing about what is to stop.
const FILLERS: &str = "please now thanks thank you ok okay me us it this that these whatever is thing things stuff list all just already immediately asap right no yes hey \
    hi hello sorry man bro dude guys sir maam folks nah nope lol yo bruh lady amigo amiga fuck can could will would want need i make said say told asked to \
    and so everything anything anymore more else any again ever forever good for real but at the my our numero further both here back \
    contact contacting messages seriously really god wtf stop por favor gracias ya si oye quiero cosas senor senora esto eso todo mas nada nunca \
    never a este mi otra vez hoy entonces uninterested stay away them one ninguno ninguna les digo somehow ups";

/// Words that only say how it is meant.
const EXPLETIVES: &str = "fucking fuckin fkn damn damned goddamn freaking frickin bloody pinche pinches malditos malditas chingados";

/// What "stop" means with one of these before or behind it.
const OTHER_STOPS_BEFORE: &str =
    "truck one full pit rest bus non door short next last first a the each";
const OTHER_STOPS_AFTER: &str = "by in over at on for to and being sign light gap loss near there here looking searching the my our your";

/// What one does with a contact, and with others: who they may be, within how many words behind it.
const CONTACTS: &str = "contact contacting contacted contactar contacte messages";
const THIRD_PARTIES: &str = "owner owners landlord landlords tenant tenants broker brokers manager managers agent agents seller sellers \
    client clients dueno duenos propietario propietarios inquilino inquilinos arrendador corredor cliente clientes";
const WHOM_WORDS_MAX: usize = 4;

/// What is sent once: "don't text me the address".
const PARTICULARS: &str = "address code pin link lease contract documents docs photo photos number";

/// What is taken off the market: "dar de baja mi anuncio".
const LISTED: &str =
    "bodega bodegas nave anuncio publicacion propiedad espacio local listado opcion listing";

/// Words of a condition: what follows says when or about what.
const CONDITIONS: &str = "about in on for from of until till before after unless except under above below bigger larger smaller during while when within outside regarding if \
    only hasta antes despues cuando mientras sobre en de solo solamente excepto si durante fuera";

/// Times that are a condition by themselves.
const TIMES: &str = "late early night nights weekend weekends tonight today tomorrow hour hours morning mornings evening noche noches \
    temprano tarde manana monday tuesday wednesday thursday friday saturday sunday sundays lunes martes miercoles jueves viernes \
    sabado domingo domingos";

/// What looks like a condition and is none.
const GENERAL: &str = "from all|everything|these|them, from you|your|this|now|here|wex|anyone, for you, for my|our|this numero|line|account, of our|my employees|staff|people|team|numbers|phones, de su|tu|sus|tus empresa|compania|negocio|parte, de la|las|los bodega|bodegas|espacios|propiedades, from the|all|any|these|ur|whatever|whichever|every|each * list|lists|messages|contacting|service|system|database|base|records|numero, \
    in the|my future|life|numero|inbox, in general, for good|ever|now|real|gods|any|no, for the love, \
    about this|that|it|my|our|your|anything|everything|warehouse|warehouses|space|spaces|real|property|properties|listings|any, \
    on this|my|that|our|her|his|their numero|line, of this|these|those|them|your|it|any, of the messages|contacting, of all|receiving|getting|everything|messages|contacting|further|future|wex, \
    if you|possible|please, si siguen|sigue|sigues|vuelven|vuelve|continuan|continua, de todo|todos|todas|esto|eso|inmediato, if i|we|it|this get|receive|see|hear|happens|continues, de contactar|mandar, de estos|estas|esos|esas messages, de este|esta|aqui|you|una|ahora, de la|su|tu|sus|tus|las * lista|listas|base|sistema|contactos, de lista|messages|contacto|contact|datos, for messages|contact|contacting|that|this|these, \
    en paz|general|adelante, en el|este futuro|numero, si no|es, sobre esto|eso|bodegas|espacios|nada, de bodegas|espacios|sus|tus";

/// What is written with a full stop before a name.
const TITLES: &str = "mr mrs ms dr sr sra srta";

/// How clearly a clause asks for no more texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sense {
    Nothing,
    /// It sounds like it; two such clauses are clear.
    Hint,
    /// It may, or does so within limits.
    Unclear,
    Clear,
}

/// What a text of these [`clauses`] says in other words than a keyword.
pub(super) fn read(body: &str, clauses: Vec<Vec<String>>) -> Signal {
    let clauses: Vec<_> = clauses.into_iter().map(in_our_words).collect();
    // "Stop, I meant 12k" corrects itself; whoever names a need in other words may mean that as well.
    let corrects = has_quantity(body)
        && clauses
            .iter()
            .any(|clause| any_of(clause, "i meant|mean, make it|that"));
    let names_need = clauses.len() > 1
        && (has_quantity(body) || clauses.iter().any(|clause| wants_more(clause)));
    let sense_of = |clause: &Vec<String>| {
        let alone = match () {
            () if corrects || !says_stop_alone(clause) => Sense::Nothing,
            () if names_need => Sense::Unclear,
            () => Sense::Clear,
        };
        alone.max(of_clause(clause))
    };
    let senses: Vec<Sense> = clauses.iter().map(sense_of).collect();
    let hints = senses.iter().filter(|&&sense| sense == Sense::Hint).count();
    let mut words = clauses.iter().flatten();
    let is_clear = senses.contains(&Sense::Clear)
        || hints > 1
        || of_clause(&spelled_out(&clauses)) == Sense::Clear
        || (words.clone().any(|word| is_among(WEAK, word))
            && words.all(|word| is_among(WEAK, word) || is_among(POLITE, word)));
    match is_clear {
        true if clauses.iter().any(|clause| is_exception(clause)) => Signal::Ambiguous,
        true => Signal::OptOut,
        false if hints > 0 || senses.contains(&Sense::Unclear) => Signal::Ambiguous,
        false => Signal::None,
    }
}

/// Whether a clause is a strong word among words that say nothing.
fn says_stop_alone(clause: &[String]) -> bool {
    is_any_of(clause, STRONG)
        && is_all_of(clause, &[STRONG, FILLERS])
        && !contains(clause, "dont|never|not|cant stop|unsubscribe")
        && !is_visit(clause)
}

/// Whether a clause asks for more of what we send.
fn wants_more(clause: &[String]) -> bool {
    contains(
        clause,
        "show|send|give me|us * other|others|another|more|options|something|places|bigger|smaller|cheaper",
    ) && !is_any_of(clause, "dont never no not stop quit")
}

/// The words that stand alone between marks: "No. More. Texts."
fn spelled_out(clauses: &[Vec<String>]) -> Vec<String> {
    let alone = |clause: &Vec<String>| <[String; 1]>::try_from(clause.clone()).ok();
    clauses.iter().filter_map(alone).flatten().collect()
}

/// The words of each clause of a text.
pub(super) fn clauses(body: &str) -> Vec<Vec<String>> {
    let parts = |c: char| {
        matches!(
            c,
            '.' | '!'
                | '?'
                | ';'
                | ','
                | '\n'
                | ':'
                | '('
                | ')'
                | '"'
                | '\u{2026}'
                | '\u{2013}'
                | '\u{2014}'
                | '\u{201c}'
                | '\u{201d}'
                | '\u{a1}'
                | '\u{bf}'
        )
    };
    let body = spelled(body);
    let parts = body.split(" - ").flat_map(|part| part.split(parts));
    let mut clauses: Vec<Vec<String>> = Vec::new();
    for words in parts.map(words).filter(|words| !words.is_empty()) {
        match clauses.last_mut() {
            // "Mr. Delgado" is one.
            Some(clause) if clause.last().is_some_and(|last| is_among(TITLES, last)) => {
                clause.extend(words);
            }
            _ => clauses.push(words),
        }
    }
    clauses
}

/// A clause in words of the rules, without our own sentence about opting out.
fn in_our_words(words: Vec<String>) -> Vec<String> {
    let mut clause: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let word = meant(word);
        match (clause.last().map(String::as_str), word.as_str()) {
            (Some("do" | "does"), "not") => {
                clause.pop();
                clause.push("dont".to_owned());
            }
            (Some("did"), "not") => {
                clause.pop();
                clause.push("didnt".to_owned());
            }
            (Some("dont"), "t") => {}
            // Else "not interested stop" would deny the stop.
            (Some("not"), "interested") => {
                clause.pop();
                clause.push("uninterested".to_owned());
            }
            // "Leave me the hell alone".
            (Some("the"), "hell" | "fuck" | "heck") => {
                clause.pop();
            }
            _ if is_among(EXPLETIVES, &word) => {}
            _ => clause.push(word),
        }
    }
    // Our own sentence, quoted back.
    let quotes = is_any_of(&clause, "stop");
    const FOOTERS: [&str; 2] = [
        "reply|responda|contact stop to|para",
        "help|info|or|and stop to|2 opt|optout|end|cancel|quit|unsubscribe|unsub",
    ];
    let quoted = quotes.then(|| {
        FOOTERS
            .iter()
            .find_map(|footer| places(&clause, footer).next())
    });
    clause.truncate(quoted.flatten().map_or(clause.len(), |quoted| quoted.start));
    clause
}

fn of_clause(clause: &[String]) -> Sense {
    let mut found = Sense::Nothing;
    for at in 0..clause.len() {
        for rule in BY_FIRST_WORD.get(clause[at].as_str()).into_iter().flatten() {
            let Some(length) = length(&clause[at..], &rule.pattern) else {
                continue;
            };
            let (before, rest) = clause.split_at(at);
            found = found.max(judged(rule, before, &rest[..length], &rest[length..]));
            if found == Sense::Clear {
                return found;
            }
        }
    }
    found
}

/// What it means that a rule's pattern was found with this before and behind it.
fn judged(rule: &Rule, before: &[String], found: &[String], behind: &[String]) -> Sense {
    if !passes(rule.guard, before, found) || is_about_else(before, found, behind) {
        return Sense::Nothing;
    }
    // "Don't text me the listings", "no permission to contact the tenant".
    let is_of_some = (ends_with(found, "me us") && starts_with(behind, "the|a|an"))
        || (rule.tail == Tail::Open
            && ends_with(found, CONTACTS)
            && is_any_of(first(behind, WHOM_WORDS_MAX), THIRD_PARTIES));
    if is_of_some {
        return Sense::Unclear;
    }
    let says_nothing = || is_all_of(behind, &[FILLERS, STRONG]) || is_general(behind);
    match rule.tail {
        Tail::Open if is_conditional(behind) => Sense::Unclear,
        Tail::Open => Sense::Clear,
        Tail::Closed | Tail::Bare if says_nothing() => Sense::Clear,
        Tail::Closed => Sense::Unclear,
        Tail::Hint if is_all_of(before, &[POLITE]) && is_all_of(behind, &[POLITE]) => Sense::Hint,
        Tail::Bare | Tail::Hint => Sense::Nothing,
    }
}

/// Whether what was found is about something else than our texts, by what stands around it.
fn is_about_else(before: &[String], found: &[String], behind: &[String]) -> bool {
    // "Unsubscribe is not what I want", "no me escriba en inglés".
    if starts_with(
        behind,
        "is|was not, isnt, wasnt, in|en english|spanish|ingles|espanol",
    ) {
        return true;
    }
    match found {
        [earlier @ .., last] if last == "stop" => {
            is_another_stop(earlier.last().or(before.last()), behind)
        }
        // Of a listing, or of the electricity.
        [.., last] if last == "baja" => {
            is_any_of(first(behind, WHOM_WORDS_MAX), LISTED)
                || (starts_with(behind, "la|el|las|los|un|una")
                    && !starts_with(behind, "la|el|las|los suscripcion|messages|numero|servicio"))
        }
        // "Drop us a pin", "don't text me the address".
        [verb, .., last] if is_among("me us", last) && starts_with(behind, "the|a|an") => {
            verb == "remove" || is_any_of(behind, PARTICULARS)
        }
        // Of a lease.
        [out] | [_, out] if is_among("out optout", out) => {
            (starts_with(behind, "of")
                && !starts_with(
                    behind,
                    "of this|these|those|your|all|it|them|any|everything|getting|messages|contacting",
                ))
                || is_any_of(
                    behind,
                    "clause option provision right fee period penalty lease renewal contract",
                )
                || (ends_with(before, "a an any the")
                    && is_any_of(behind, "year years month months term lease"))
        }
        _ => false,
    }
}

/// Whether what stands before a pattern, and in its gaps, leaves it an opt-out.
fn passes(guard: Guard, before: &[String], found: &[String]) -> bool {
    /// How far before a word a denial of it may stand.
    const DENIAL_WORDS_MAX: usize = 5;
    const DENIALS: &str = "dont never not no cant didnt wont wouldnt sin";
    /// With one of these before it, a denial is a reproach: "why don't you stop", "if you don't stop".
    const REPROACHES: &str = "you they why if wont";
    const SUBJECTS: &str = "i we they he she it who you donde owner owners landlord tenant broker agent seller people nobody dueno propietario nadie";
    match guard {
        // "I don't want you to stop texting me".
        Guard::Nothing => !is_any_of(found, "stop"),
        Guard::Subject => !before.last().is_some_and(|word| is_among(SUBJECTS, word)),
        Guard::Denial => {
            // "Why did you stop texting me?"
            if let [.., did, you] = before
                && is_among("did have", did)
                && is_among("you yall guys", you)
            {
                return false;
            }
            let from = before.len().saturating_sub(DENIAL_WORDS_MAX);
            let denial = before[from..]
                .iter()
                .rposition(|word| is_among(DENIALS, word));
            let is_denied = denial.is_some_and(|at| {
                let at = from + at;
                let is_reproach = before[..at]
                    .last()
                    .is_some_and(|word| is_among(REPROACHES, word));
                // "No, please stop" denies something else, and so does "not interested please stop".
                let is_answer = (before[at] == "no"
                    && before
                        .get(at + 1)
                        .is_some_and(|next| !is_among("me nos te se le les lo", next)))
                    || is_any_of(&before[at..], "please interested thanks thank");
                !is_reproach && !is_answer
            });
            !is_denied && !is_any_of(found, DENIALS)
        }
    }
}

fn is_another_stop(before: Option<&String>, behind: &[String]) -> bool {
    before.is_some_and(|word| is_among(OTHER_STOPS_BEFORE, word))
        || behind
            .first()
            .is_some_and(|word| is_among(OTHER_STOPS_AFTER, word))
}

/// Whether the writer is to come: "can I stop now?"
fn is_visit(clause: &[String]) -> bool {
    any_of(
        clause,
        "i|we can|could|will|would, can|could|will|would i|we",
    )
}

/// Whether a clause says what may go on: "only Carson please". Another way to be reached is none.
fn is_exception(clause: &[String]) -> bool {
    const OPENERS: &str = "only just solo solamente nomas";
    const OTHER_WAYS: &str = "email mail call phone correo llame llamen llameme fax numero";
    clause.first().is_some_and(|word| is_among(OPENERS, word))
        && !is_all_of(&clause[1..], &[FILLERS])
        && !is_any_of(clause, OTHER_WAYS)
        && of_clause(clause) != Sense::Clear
}

fn is_conditional(behind: &[String]) -> bool {
    /// What begins with these says why, and no more how far.
    const REASONS: &str = "because cause since my i im its they he she porque pues";
    let is_reason =
        |&at: &usize| is_among(REASONS, &behind[at]) && !ends_with(&behind[..at], CONDITIONS);
    let reason = (0..behind.len()).find(is_reason);
    let behind = first(behind, reason.unwrap_or(behind.len()));
    is_any_of(behind, TIMES)
        || contains(behind, "but keep|send|only|just")
        || (0..behind.len()).any(|at| {
            is_among(CONDITIONS, &behind[at])
                // "Whatever list this came from, please".
                && !is_all_of(&behind[at + 1..], &["please thanks thank"])
                && !starts_with(&behind[at..], GENERAL)
        })
}

/// Whether one of these patterns stands at the beginning of the words.
fn starts_with(words: &[String], patterns: &str) -> bool {
    patterns.split(", ").any(|pattern| {
        places(words, pattern)
            .next()
            .is_some_and(|place| place.start == 0)
    })
}

/// Whether what follows is a condition that limits nothing: "from your list".
fn is_general(behind: &[String]) -> bool {
    behind
        .first()
        .is_some_and(|word| is_among(CONDITIONS, word))
        && !is_conditional(behind)
}

/// A size or another figure of a need, not an hour or a count.
fn has_quantity(body: &str) -> bool {
    body.split_whitespace().any(|word| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        digits >= 3
            || (digits > 0
                && word
                    .trim_end_matches(|c: char| !c.is_alphanumeric())
                    .ends_with(['k', 'K']))
    })
}

/// The first words, at most so many.
fn first(words: &[String], max: usize) -> &[String] {
    &words[..words.len().min(max)]
}

fn ends_with(words: &[String], list: &str) -> bool {
    words.last().is_some_and(|last| is_among(list, last))
}

fn is_among(list: &str, word: &str) -> bool {
    phrases::is_among(word, list, b' ')
}

fn is_any_of(words: &[String], list: &str) -> bool {
    words.iter().any(|word| is_among(list, word))
}

fn is_all_of(words: &[String], lists: &[&str]) -> bool {
    words
        .iter()
        .all(|word| lists.iter().any(|list| is_among(list, word)))
}
