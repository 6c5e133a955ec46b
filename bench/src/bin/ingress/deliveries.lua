-- For wrk: every request is a delivery of a text of its own, from a contact of its own, as Aircall would post it.

local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(arguments)
    -- The run, so that no two runs share an event; the thread, so that no two threads do.
    run = arguments[1] .. "-" .. number
    token = arguments[2]
    line = arguments[3]
    count = 0
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
end

local body = [[{"resource":"message","event":"message.received","timestamp":1779973183,"token":"%s","data":{"id":"%s-%d",]]
    .. [["direct_link":"https://api.aircall.io/v1/numbers/%s/messages/%s-%d","direction":"inbound",]]
    .. [["external_number":"+1 870 %03d %04d","body":"I need 10k sqft in Carson CA for storage","status":"received",]]
    .. [["channel":null,"media_details":[],"created_at":"2026-05-28T12:59:42.949Z","origin":"native","number":{"id":%s,]]
    .. [["name":"Buyer line","digits":"+1 424-416-2288","country":"US","time_zone":"America/Los_Angeles"},"contact":null}}]]

function request()
    count = count + 1
    local contact = count * 2 + number
    return wrk.format(nil, nil, nil, string.format(body, token, run, count, line, run, count,
        200 + math.floor(contact / 10000) % 800, contact % 10000, line))
end

function done(summary, latency)
    local refused = summary.errors.connect + summary.errors.read + summary.errors.write
        + summary.errors.status + summary.errors.timeout
    io.write(string.format("FIGURES %d %d %d %d %d %d\n", summary.requests, summary.duration, refused,
        latency:percentile(50), latency:percentile(99), latency.max))
end
