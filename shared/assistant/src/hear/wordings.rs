//! The wordings that decide where a purpose alone does not: see [`any_of`](wex_domain::phrases::any_of).

/// Attempts to make us forget what we are for, and requests for what is not ours to tell.
pub(super) const ADVERSARIAL: &str = "repeat|print|show|output|reveal|display|copy|paste|translate|summarize|dump|share|recite * above|verbatim|prompt|prompts|instructions, \
     what|text|message|everything|instructions|rules you were|got|are given|told|instructed|programmed, you were given|told|instructed|programmed|trained, hidden|secret|internal|initial|original instructions|prompt|rules, \
     top|first|number result|spot|place|one|results * listing|list|search|competitors, competitor's|competitors|competitor|competition|rivals|everyone * leased|rented|gone|unavailable|down|off|listing|listings|delete|hide, \
     every|all other listing|listings|building|buildings|landlord|landlords|supplier|suppliers, hide|delist|delete|mark|remove * competitor|competitors|competition|rivals|every other|all|others, word for word, \
     text|words|message|everything|conversation above, i'm|am the|an|your admin|administrator|developer|creator|programmer|ceo, override, \
     mark|set|make|flag * account|me * owner|admin|approved|verified, admin|root|sudo|debug|maintenance|god|developer access|mode|privileges, modo|acceso admin|administrador|desarrollador|dios|debug|root|mantenimiento|programador, new instructions|instruction|rules, approve|accept * my application|lease|offer|credit, \
     tell|text|message|email every|all * user|users|tenant|tenants|buyer|buyers|contact|contacts|client|clients|customer|customers, \
     from now on you|answer|reply|respond|act|pretend, you must|have|need to|now obey|comply, api key|keys, source code, access token, \
     list|give|show|send|share|tell|dump * other|your|all|every clients|customers|buyers|users|tenants|contacts|leads|suppliers, \
     other|another|previous|last buyer's|buyers|client's|customer's|tenant's|person's|user's * name|number|phone|info|email|offer, \
     as the|an|your developer|admin|administrator|owner|engineer|creator|ceo, dump|export|leak|expose|extract * database|data|records|tables|logs|users|tenants|json, \
     your database, base de datos, como administrador|desarrollador|dueno|duena, repite|repita|muestra|muestrame|copia|copie|imprime|traduce|pega|pegue|ensename|revela|dime|dame|comparte * arriba|instrucciones|prompt|reglas|indicaciones, \
     instrucciones|reglas|indicaciones|ordenes ocultas|secretas|internas|iniciales|originales|del, que te|le dijeron|dieron|programaron|ordenaron, tus|sus instrucciones|indicaciones|ordenes, \
     mi|la|los|las competencia|competidores|competidor * rentada|rentadas|ocupada|ocupadas|baja|lugar|vendidas, primer|primero lugar|de, en primer lugar, borra|borre|elimina|quita|baja|pon|marca * anuncios|bodegas|naves de|del los|las|mi|otros|demas, palabra por palabra, soy el|la administrador|administradora|admin, \
     desactiva|desactive|quita|apaga|disable|remove|without|sin * filtros|filtro|restricciones|filters|restrictions|guardrails, responde|contesta sin reglas|limites, de ahora|hoy en adelante responde|eres|actua, ignore|disregard|forget|override|bypass * previous|instructions|rules|prompt|prior|programming|guidelines, \
     ignore|disregard all|everything|whatever, system|developer|hidden prompt|mode|instructions|message, your|the instructions|prompt|rules are|is|say|verbatim, \
     owner's|owners|landlord's|landlords|seller's|tenant's|buyer's * cell|phone|number|email|name|address|home|personal, \
     who|what owns|is * owner|landlord, jailbreak, you are|be now * a|an|unrestricted|dan, \
     say|tell|write|repeat|reply|respond|answer * guarantee|guaranteed|approved|reserved|free|hacked, what|what's|need|send|give|text|tell * gate|lockbox|access|door|alarm code|codes|combo|combination|pin, \
     ignora|ignore|olvida|olvidate|olvide|omite|salta|saltate * instrucciones|reglas|anteriores|anterior|indicaciones, \
     telefono|nombre|numero|correo|celular del|de dueno|duena|propietario|la|el|su, \
     datos|lista|telefonos|correos|numeros|contactos|informacion de * clientes|compradores|inquilinos|usuarios|duenos, number|phone|cell|email|name|contact of|for * other|another|all, quien es * dueno|propietario, \
     codigo|codigos de|del acceso|porton|puerta";

/// A part for us to play, or words for us to say.
pub(super) const PRETENCES: &str = "pretend|act|roleplay|imagine you|you're|as|like|to, confirm|say|write|state|promise|agree|put * in writing, \
     finge|actua|haz|imagina que|como|cuenta, confirma|confirme|promete|prometa * por escrito";

/// Marks in which a model is told its part, and no person writes.
pub(super) const MARKUP: [&str; 6] = ["</", "<|", "[INST", "[system", "<system", "### "];

/// What a phone says for its owner, in words that people use too.
pub(super) const BUSY: &str = "can't talk|answer right|now|at|while, in a meeting, on another call, i'm|am driving, \
     estoy|ando|voy manejando|conduciendo|ocupado|ocupada, en una junta|reunion, no puedo hablar|contestar|atender";

/// What a phone does not say for its owner.
pub(super) const NOT_BUSY: &str = "text|send|call|email|tell|give|show me|us, manejando|conduciendo un|una|el|la, driving by|past|around|through|over|to|there, was|were driving, yes, okay, \
     mandeme|mandame|digame|dime|mejor|si";

/// What compares the options with each other.
pub(super) const SUPERLATIVES: &str = "cheapest|biggest|largest|smallest|closest|nearest|newest|tallest|best one|of|option|is, which * cheapest|biggest|largest|smallest|closest|nearest|newest|tallest|best, \
     cual|cuales * mas|menos|mejor, cual|cuales * tiene|es|esta|queda|sale * mas|menos|mejor, la|el mas barata|barato|grande|chica";

/// Who can't come wants another time, unless the tour is called off.
pub(super) const CANT_COME: &str = "can't|won't make|come|be|do";

/// Another time than the one of a tour.
pub(super) const OTHER_TIME: &str = "how|what about, instead, another|different|other|later|earlier|sooner time|day|date|hour|one, \
     push|move|bump|slide * it|that|to|back|up|tour|visit|showing|walkthrough, running late, got|have|need to move|change|push, stuck in|on|at, min|minutes|bit|little|be|there late, running behind, sooner, later in, earlier in, hour|hours|bit|little|day|days|week earlier|later|sooner, next|following week|month|monday|tuesday|day, moving|changing|pushing it|that|the|our|my, proxima|otra|siguiente semana, otro|otra dia|hora|fecha, mas tarde|temprano, en vez, voy|vamos|llego|llegamos tarde|retrasado|retrasados|como|en|mas, \
     se me|nos hizo|hace tarde";

/// A day or an hour that would do, where a tour has another.
pub(super) const WOULD_DO: &str = "can|could|parece|make|do|switch|change|instead|works|work|better|rather|okay|good|possible, que tal, mejor, puede|podria|podemos|seria|pasar|pasamos|pasa|pasan|mover|cambiar|queda|quedamos";

/// An option is struck from the list.
pub(super) const DROPS: &str = "don't|didn't|not want|like|love|interested|care * the|that|1|2|3|first|second|third|one|it, 1|2|3|one|it|that|both|they is|it's|are out|dead|no, no go|gos|good, ni la|el, take|cross|knock|rule|strike|leave|kick * off|out, scratch|drop|remove|nix|toss|eliminate|ditch|skip|forget * 1|2|3|first|second|third|one|both|it|that|last, \
     no|thanks to|on both|either|1|2|3|the, quita|quitala|quitela|quite|quiteme|quitame|quiten|borra|borre|borrala|descarta|descarte|descartala|elimina|elimine|saca|saque|tacha|tache|olvida|olvide * 1|2|3|uno|dos|tres|primera|primero|segunda|segundo|tercera|ultima|la|el";

/// What is offered with a rent, and what asks whether it will do.
pub(super) const OFFERS: &str = "offer|offering|counter, take|sign it|that|today|now|if|for|at, firmo|firmamos|cierro|cerramos, le|les doy|damos|ofrezco|ofrecemos|pago|pagamos, tell|dile|digale|diles them|him|her|al|que|a";

pub(super) const OFFERS_ASKED: &str = "offer|offering|counter|sound|sounds, instead, how|what about, que tal, le|les parece|damos|doy|ofrezco|ofrecemos|pago|pagamos, take it|that, acepta|aceptan|aceptaria|aceptarian, they|he|she|landlord|owner take|do|accept|go, get|bring|talk * to|down, si firmo|firmamos|ofrecemos|ofrezco|pago|pagamos|damos|doy";

/// A tour is called off.
pub(super) const CANCELS: &str = "not|aren't coming|attending, off the|your|my schedule|calendar, no voy|vamos a ir, ya no quiero|queremos|me|nos, cancel, canceling, cancelling, cancelar, cancele, cancela, cancelen, cancelame, canceleme, cancelela, cancelala, cancelo, cancelamos, call it off, scrap|drop|kill|forget it|that, nevermind, nvm, never mind";

pub(super) const CANCELS_NOT: &str = "don't|not|never|no cancel|cancelar|cancele|cancelen, no vayan|vaya|vayas|me|la * cancelar|cancelen|cancele|canceles";

/// What asks, wherever in a text it stands.
pub(super) const ASKS: &str = "what's the, does|do it|they have|come|include|allow|fit, how much is|are, desde|de|para cuando, \
     cuanto|cuanta|cuantos|cuantas, que tan, se|si puede|pueden|permite|permiten|vale";

/// The search is to leave something out.
pub(super) const STOPS_SHOWING: &str = "quit|stop showing|sending|giving, don't send|show|give * anything|places|spaces|stuff|warehouses, no me|nos mande|manden|mandes|muestre|muestren|ensene|ensenen * bodegas|naves|espacios|opciones|nada, deje|dejen de mandar|mandarme|mostrar|mostrarme|ensenar|ensenarme";

/// A tour is called off in so many words.
pub(super) const CANCEL_WORDS: &str =
    "cancel|cancelar|cancele|cancela|cancelen|cancelame|canceleme|cancelela|cancelala|call";

/// Something is needed.
pub(super) const NEED_WORDS: &str =
    "need|needs|looking|necesito|necesitamos|ocupo|ocupamos|busco|buscamos";

/// What a machine says of the needs of whom it answers.
pub(super) const NEEDS_OF_OTHERS: &str =
    "if you|you're need|want|looking, should you, immediate|urgent|any|your need|needs";

/// Who is away comes all the same.
pub(super) const COMES_ANYWAY: &str = "but|though * can|could|i'll|we'll|able|free|want * come|stop|swing|drop|see|tour|visit|look, \
     pero * puedo|podemos|paso|pasamos|quiero * ver|verla|verlo|pasar|ir|visitar, pero paso|pasamos";

/// More is to be told, and nothing else shown.
pub(super) const MORE_OF_IT: &str = "more|mas info|information|details|detail|about|pics|pictures|photos|detalles|informacion|fotos|datos|sobre";

/// A call was promised, or never came.
pub(super) const CALL_PROMISED: &str = "quedaron|quedo|prometieron|iban de|a|que|en, supposed|promised|said * call, \
     never|nobody|noone called|call|calls, nunca|nadie * llamo|llamaron|llamado|marco|marcaron|hablo|hablaron";

/// What keeps a buyer waiting is not us.
pub(super) const WAITS_FOR_OTHERS: &str = "waiting|waits|wait|held * bank|lender|loan|lawyer|attorney|boss|partner|financing|funding|permit|permits|approval|escrow";

/// What is asked is asked of one space.
pub(super) const THIS_ONE: &str = "for|at|on|with|is|does this|that one|place|space|unit|building, por|de|en|con esa|esta|ese|este";

/// Where else we work is asked.
pub(super) const ELSEWHERE_TOO: &str = "or|o just|only|nomas|solo|solamente, all over";

/// Nothing more is needed.
pub(super) const NEEDS_NO_MORE: &str = "no longer|don't|not|stop|stopped|no * need|looking, \
     ya|siempre|no busco|buscamos|ocupo|ocupamos|necesito|necesitamos";

/// A part of what was wanted is meant, and not the search.
pub(super) const NEEDS_PART: &str = "need|want|require|necesito|necesitamos|ocupo|ocupamos|quiero|queremos * dock|docks|office|offices|yard|parking|power|sprinklers|ramp|freezer|cooler|rail|trailer|fence|andenes|anden|oficina|oficinas|patio|rampa|luz|estacionamiento|altura";

/// What is spoken about is taken.
pub(super) const TAKES: &str = "go|going with the, i'll|we'll|i|we take|want the|it, \
     la|lo quiero|queremos|tomo|tomamos|agarro|rento|rentamos, me quedo con, vamos con la|el";

/// A yes, where little else is said.
pub(super) const SHORT_YES: &str = "va, vale, orale, arre, sobres, ora, juega, jalo, andale, hecho";

/// Others than those that were offered.
pub(super) const OTHERS: &str = "few|some|couple|any more|other|others, others, other ones|options|spaces|places, rest, another one, otras, otros, ver|alguna otra|mas";

/// Later than anybody waits for a call.
pub(super) const WEEKS_LATER: &str = "until|in|after|mid|early|late|end|next * january|february|march|april|may|june|july|august|september|october|november|december|month|months|quarter|year|holidays|spring|summer, \
     hasta|en|pasando|despues|entrando|para|proximo * enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|mes|meses|ano|navidad|fiestas|reyes";

/// A number that is wrong and is no phone's.
pub(super) const WRONG_FIGURE: &str = "i|we|i've wrote|gave|put|said|sent|typed|entered * wrong number, i|we had|sent the wrong person|guy, wrong number on|of|in|for * size|sqft|sf|feet|footage|square|docks|dock|doors|stalls|pallets|rent|rate|price|budget|listing|units, \
     numero|cantidad|cifra equivocado|equivocada|incorrecto * pies|metros|andenes|puertas|renta|precio|presupuesto|tarimas|medida|tamano";

/// What comes before a visit asks for none: "before I see it, does it have sprinklers?"
pub(super) const BEFORE_VISIT: &str = "before i|we * see|tour|visit|look|go|come, before seeing|touring|visiting, antes de ir|ver|verla|verlo|visitar|visitarla|que";

/// Nobody comes.
pub(super) const NO_VISIT: &str = "don't|no|never * need|want|have to * see|tour|visit|come|look, don't|not|no need|want|ready|interested a|in|for * \
     tour|touring|visit|visiting|showing|seeing, no tour|tours|visit|showing, without * tour|touring|visit|seeing, ya no * ver|visitar, \
     no quiero|necesito|ocupo|queremos|necesitamos|ocupamos|hace|interesa|agende|agenden|hagan|programe * visita|cita|recorrido|ver|verla|verlo|visitar, \
     sin visita|cita|recorrido, hold|wait|pass|skip * tour|visit|showing";

/// One of the options is chosen.
pub(super) const PICKS: &str = "start|go|begin|proceed with, sounds|looks|seems|works|is|one good|great|nice|perfect|better|best|fine|works|please|for, i'll|we'll take|go, let's do|go|start|see, i|we like|want|choose|pick|prefer, interested in, \
     me|nos interesa|gusta|gusto|quedo|quedamos|late|conviene|convence|queda|agrada, esta bien|perfecta|buena, agarro, prefiero|preferimos|escojo|elijo, vamos con";

/// Signs that stand for a yes or for thanks.
pub(super) const APPROVAL: [char; 10] = [
    '\u{1f44d}',
    '\u{1f44c}',
    '\u{1f64f}',
    '\u{1f64c}',
    '\u{2764}',
    '\u{2705}',
    '\u{1f60a}',
    '\u{1f642}',
    '\u{1f389}',
    '\u{1f4af}',
];

/// Space is wanted, and nothing is said of it.
pub(super) const NEEDS: &str = "need|want|looking|find|searching * something|somewhere|anything, need|needs|want|looking|searching|seeking|find|require|lease|rent * space|warehouse|warehousing|storage|building|facility|yard|industrial|unit|dock|docks|shop|land|lot|parking, \
     warehouse|storage|space|yard|parking needed|wanted|please|for, necesito|necesitamos|busco|buscamos|ocupo|ocupamos|quiero|queremos|rentar * bodega|bodegas|espacio|nave|almacen|patio|lugar|local|terreno, \
     in the market for, interested in|about * space|warehouse|leasing|renting|building|storage, interesa|interesado|interesada|interesados * rentar|bodega|bodegas|nave|espacio, informacion de|sobre bodegas|naves|espacios, do you have * warehouse|warehouses|space|spaces|anything, tiene|tienen|hay * bodega|bodegas|naves|espacios|espacio";

/// More is to be told of what was offered.
pub(super) const TELL_ME: &str = "text|send|give|tell|share|show me|us * address|details|info|information|specs|photos|pics|pictures|rent|rate|price|flyer|brochure, \
     mandeme|mandame|envieme|pasame|paseme|digame|dime * direccion|detalles|fotos|precio|renta|informacion|ficha";

/// A look at what was offered is no answer.
pub(super) const WILL_LOOK: &str = "will|i'll|we'll|let|going look|review|check|take|me|to, voy a ver|revisar, dejeme|dejame|deje ver|verlas|verlos|verla|checar|checarlas|checarla|revisar|revisarlas, los|las|lo reviso|veo|checo";

pub(super) const THANKS: &str = "thanks, thank, gracias, appreciate";

/// A need besides the one that is known.
pub(super) const ANOTHER: &str = "separately, another|second|new|different|separate|other client|customer|company|project|deal|tenant, \
     otro|otra|nuevo|nueva|distinto cliente|empresa|proyecto|requerimiento, another|different|unrelated note|topic|thing|matter, unrelated, \
     my brother|sister|friend|cousin|client|customer|buddy|uncle|father|dad|son|neighbor|wife|husband * needs|wants|looking|searching, \
     brother|sister|father in law, mi hermano|hermana|amigo|amiga|primo|cliente|tio|papa|cunado|vecino|esposo|esposa * necesita|busca|quiere|ocupa|anda, otro tema, \
     another|second|new|different|separate search|requirement|request|need, in addition, need|needs|want|require another|second warehouse|space|building|facility|location, need|needs|want|require a second warehouse|space|building|facility|location, \
     falta|faltan|necesito|necesitamos|ocupo|ocupamos|busco|buscamos|buscando otra|otro * bodega|nave|almacen|espacio|local, \
     also|client|we * separate|separately, aparte, por separado, otra|nueva busqueda|solicitud";

/// What somebody who decides wants, which is no wait for it.
pub(super) const DECIDERS_WANT: &str = "partner|partners|boss|wife|husband|owner|client|team|manager|dad|father|corporate|ops says|said|wants|want|needs|need|thinks|prefers, \
     socio|socia|jefe|jefa|patron|esposo|esposa|dueno|cliente|gerente|papa dice|dijo|dicen|quiere|prefiere|necesita|ocupa";

/// What is still to be heard from who decides.
pub(super) const DECIDERS_WAITED_FOR: &str = "until|once|when|if|unless|after|whether|cuando|hasta|si|que * partner|boss|wife|husband|owner|client|team|manager|corporate|socio|jefe|patron|esposo|esposa|dueno|cliente|gerente, \
     wants|want|needs|need|quiere|necesita|ocupa * think|wait|sit|hold|sleep|pause|review|check|time|talk|pensarlo|esperar|revisar|tiempo|checar|platicar|hablar";

/// What a word of the trade means.
pub(super) const MEANINGS: &str =
    "what does * mean|stand, que significa|significan, que quiere|quieren decir";

/// A need is told as one.
pub(super) const TELLS_NEED: &str = "i|we|also|i'll|we'll|i'd|we'd|to|must need|require|want|have, forgot|forget|meant to say|mention|add|tell, needs to be|have, \
     necesito|necesitamos|ocupo|ocupamos|queremos, olvide|olvido|falto decir|decirle|decirles|mencionar";

/// Changes that our parsers cannot place, but that are meant as such.
pub(super) const CHANGES: &str = "forget|ignore|scratch|disregard what|everything|all i|we said, olvide|olvida|olvidese lo de|que, make it|that, scratch|forget|drop|remove|change|update|ignore|increase|raise|skip the|that|my|our|about|it * \
     budget|price|size|dock|docks|office|yard|location|date|power|height|term, start|move|move-in|begin|starting|moving|available|ready \
     date|in|by|on|is|from, budget|presupuesto, by|before|after|from the|mid|early|late|end|next * \
     january|february|march|april|may|june|july|august|september|october|november|december|mar|month|year|quarter, \
     lease|min|max|minimum term|lease, month to month, need|want|has|have|must * be|move|get in by|before|after, lease|term|contract|contrato * end|ends|finish|expire|termine|acabe, \
     need|needs|want|must|with|add|also|plus|require * dock|docks|doors|power|amps|yard|office|clear|\
     fenced|rail|sprinklers|parking|trailer|drive-in|heat|hvac|crane|racking|cooler|freezer|ceiling|height|access, \
     year|years|months|month lease|term, necesito|ocupo|con|quiero * andenes|anden|rampa|patio|oficina|luz|altura|estacionamiento|cerca, \
     fecha de, mes a mes, sin * limite|presupuesto|oficina|patio, para enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre";

/// Wishes that have nothing to do with space.
pub(super) const OFF_TOPIC: &str = "do|does you|guys|they|yall * sell|buy|repair|fix|hire|install, lunch|dinner|breakfast|eat, novio|novia|soltero|soltera, chistoso|chistosa, happy thanksgiving|birthday, hiring, job|jobs|resume|internship, venden|compran|reparan, poem, joke|jokes, weather, recipe, homework, bitcoin, crypto, lottery, horoscope, song, story, \
     game|games, who|what won|score, super bowl, world cup, football, soccer, baseball, basketball, nba|nfl|mlb, dodgers|lakers|rams, playoffs, restaurant|restaurants, favorite, \
     mundial, futbol, translate, capital of, president|election, movie, stock|stocks, pizza, dinner, girlfriend|boyfriend, \
     car|used for sale, apartment|apartments|house|condo, meaning of, poema, chiste, clima, receta, tarea, cancion, \
     venden|vende * baratas|baratos|barato|barata|usado|usados, my taxes|homework|visa|passport|resume, immigration, dmv, dolar, tipo de cambio, exchange rate, quien gano, traduce|traduzca, partido, pelicula, departamento|casa|apartamento";
