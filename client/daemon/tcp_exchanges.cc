#include "client/daemon/tcp_exchanges.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace warren::client {

struct TcpExchanges::Exchange {
  engine::ExchangeWanted wanted;
  Instant deadline;
  std::unique_ptr<ClientStream> stream;  // once it is its turn
  std::string response;
  // Why it ended, if it has.
  std::optional<absl::Status> ended;

  Instant Next() const {
    if (ended) return Instant::LongAgo();
    return stream ? std::min(deadline, stream->Next()) : deadline;
  }
  absl::StatusOr<std::string> Result() {
    if (!response.empty()) return std::move(response);
    return absl::IsResourceExhausted(*ended)
               ? *ended
               : absl::UnavailableError(
                     absl::StrCat(wanted.to.ToString(),
                                  " has not answered: ", ended->message()));
  }
};

TcpExchanges::TcpExchanges(io::EventLoop& loop, Answer answer)
    : loop_(loop), answer_(std::move(answer)) {}

TcpExchanges::~TcpExchanges() = default;

void TcpExchanges::Start(engine::ExchangeWanted wanted) {
  auto exchange = std::make_shared<Exchange>();
  exchange->deadline = loop_.Now() + wanted.timeout;
  wanted.max_bytes = std::min(wanted.max_bytes, kMaxBytes);
  exchange->wanted = std::move(wanted);
  if (exchanges_.size() >= kMaxAtOnce + kMaxWaiting) {
    exchange->ended = absl::ResourceExhaustedError(absl::StrCat(
        "more than ", kMaxAtOnce + kMaxWaiting, " TCP exchanges at once"));
  } else if (exchanges_.size() < kMaxAtOnce) {
    Begin(*exchange);
  }
  exchanges_.push_back(std::move(exchange));
}

void TcpExchanges::Begin(Exchange& exchange) {
  StreamCallbacks callbacks;
  // The stream is the exchange's own, so these die with it.
  callbacks.established = [&exchange] {
    exchange.stream->Write(AsBytes(exchange.wanted.request));
    exchange.stream->Flush();
  };
  callbacks.bytes = [this, &exchange](Bytes bytes) {
    return OnBytes(exchange, bytes);
  };
  callbacks.closed = [&exchange](absl::Status why) {
    exchange.ended = std::move(why);
  };
  exchange.stream = std::make_unique<ClientStream>(
      loop_,
      StreamTarget{
          .endpoints = {exchange.wanted.to}, .tls_name = "", .tls = nullptr},
      std::move(callbacks));
}

absl::Status TcpExchanges::OnBytes(Exchange& exchange, Bytes bytes) {
  const size_t room = exchange.wanted.max_bytes - exchange.response.size();
  absl::StrAppend(&exchange.response,
                  AsText(bytes.first(std::min(room, bytes.size()))));
  return bytes.size() < room ? absl::OkStatus()
                             : absl::ResourceExhaustedError("that is enough");
}

void TcpExchanges::Cancel() { exchanges_.clear(); }

Instant TcpExchanges::Next() const {
  Instant next = Instant::Never();
  for (const auto& exchange : exchanges_) {
    next = std::min(next, exchange->Next());
  }
  return next;
}

void TcpExchanges::OnTimeout(Instant now) {
  std::vector<std::shared_ptr<Exchange>> done;
  for (const auto& exchange : exchanges_) {
    if (exchange->stream && !exchange->ended) exchange->stream->OnTimeout(now);
    if (!exchange->ended && now >= exchange->deadline) {
      exchange->ended = absl::UnavailableError("the time is over");
    }
    if (exchange->ended) done.push_back(exchange);
  }
  std::erase_if(exchanges_, [](const auto& e) { return e->ended.has_value(); });
  for (size_t i = 0; i < std::min(exchanges_.size(), kMaxAtOnce); ++i) {
    if (!exchanges_[i]->stream) Begin(*exchanges_[i]);
  }
  for (const auto& exchange : done) {
    answer_(exchange->wanted.id, exchange->Result());
  }
}

}  // namespace warren::client
