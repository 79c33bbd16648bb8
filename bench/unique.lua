-- Each request is another lead. Arguments: what its ids begin with, the first number's last nine digits.
local prefix, last
local headers = {
  ["Content-Type"] = "application/json",
  ["Connection"] = "close",
}
local comment = string.rep("x", 230)

function init(arguments)
  prefix = arguments[1]
  last = tonumber(arguments[2])
end

function request()
  last = last + 1
  local body = string.format(
    '{"id":"%s-%09d","name":"Ivan Petrov","phone":"+79%09d","utm_source":"yandex","utm_campaign":"spring",'
      .. '"page":"https://example.ru/price","comment":"%s"}',
    prefix, last, last, comment)
  return wrk.format("POST", nil, headers, body)
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"p50_ms":%.4f,"p99_ms":%.4f,"bad":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
