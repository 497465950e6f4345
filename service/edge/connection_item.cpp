// The connection's half that knows items: who may send to whom, and the original on its way to the disk.
#include <algorithm>

#include "proto/base/check.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/meters.h"
#include "service/edge/connection.h"

namespace kiyome::edge {
namespace {

// What the log says about an item once it is safe.
struct ItemFacts {
  ItemId id;
  std::string client, sender, protocol;
  std::int64_t recipients = 0, bytes = 0;
};

store::Envelope envelope_of(const ItemId& id, const smtp::ServerEnvelope& heard) {
  store::Envelope out;
  out.id = id;
  out.received_ms = unix_ms_now();
  out.client_address = heard.client_address;
  out.client_helo = heard.client_helo;
  out.protocol = heard.protocol;
  out.sender = heard.sender;
  out.ret = heard.ret;
  out.envid = heard.envid;
  out.smtputf8 = heard.smtputf8;
  out.recipients.reserve(heard.recipients.size());
  for (const smtp::ServerRecipient& recipient : heard.recipients)
    out.recipients.push_back({static_cast<std::uint32_t>(out.recipients.size()), recipient.address,
                              recipient.notify, recipient.orcpt});
  return out;
}

}  // namespace

std::optional<smtp::ServerReply> Connection::refuse_sender(const smtp::ServerClient&,
                                                           const smtp::MailArguments& mail) {
  if (!parts_->has_room(*settings_, mail.size)) return smtp::replies::no_space();
  return std::nullopt;
}

bool Connection::may_relay(const std::string& address) {
  if (address != relay_address_) {
    const auto parsed = IpAddress::parse(address);
    relay_answer_ = parsed && settings_->relay_networks.contains(*parsed);
    relay_address_ = address;
  }
  return relay_answer_;
}

std::optional<smtp::ServerReply> Connection::refuse_recipient(const smtp::ServerClient& client,
                                                              const std::string& recipient) {
  if (!may_relay(client.address)) return smtp::replies::relaying_denied();
  if (recipient.find('@') == std::string::npos) return std::nullopt;  // postmaster, RFC 5321 section 4.5.1
  if (!settings_->takes_domain_of(recipient)) return smtp::replies::relaying_denied();
  if (!settings_->knows(recipient)) return smtp::replies::unknown_recipient();
  return std::nullopt;
}

void Connection::refused(const smtp::ServerReply& reply) {
  meters::smtp.answered(reply.code);
  const smtp::ServerClient& client = dialog_->client();
  const std::initializer_list<log::Field> fields = {{"client", std::string_view(client.address)},
                                                    {"code", static_cast<std::int64_t>(reply.code)},
                                                    {"status", reply.status},
                                                    {"reason", std::string_view(reply.text)},
                                                    {"sender", std::string_view(dialog_->envelope().sender)}};
  if (item_open_)
    log::info("refused", item_, fields);
  else
    log::info("refused", fields);
}

void Connection::begin_message() {
  item_ = new_item_id();
  item_open_ = true;
  message_began_ = Steady::now();
  try {
    writer_ = parts_->log.begin(item_);
  } catch (const TemporaryFailure& trouble) {
    fail_message(trouble.what());
  }
}

void Connection::append(std::string_view octets) {
  if (!writer_) return;
  try {
    writer_->append(octets);
  } catch (const TemporaryFailure& trouble) {
    fail_message(trouble.what());
  }
}

void Connection::fail_message(const std::string& what) {
  writer_.reset();
  log::error("not_stored", item_, {{"reason", std::string_view(what)}});
  dialog_->message_failed(parts_->write_failure(*settings_));
}

void Connection::commit() {
  KIYOME_CHECK(writer_ != nullptr);  // after a failure the dialog tells no end
  store::Envelope envelope = envelope_of(item_, dialog_->envelope());
  ItemFacts facts{item_,
                  envelope.client_address,
                  envelope.sender,
                  envelope.protocol,
                  static_cast<std::int64_t>(envelope.recipients.size()),
                  static_cast<std::int64_t>(writer_->size())};
  auto done = [parts = parts_, settings = settings_, inbox = inbox_, token = token_,
               facts = std::move(facts)](const Result<transfer::Announce>& result) {
    if (!result) {
      log::error("not_stored", facts.id, {{"reason", std::string_view(result.error().what)}});
      return inbox->committed(token, parts->write_failure(*settings));
    }
    parts->announce(*result);
    inbox->committed(token, smtp::replies::queued(facts.id.text()));
    log::info("accepted", facts.id,
              {{"client", std::string_view(facts.client)},
               {"sender", std::string_view(facts.sender)},
               {"recipients", facts.recipients},
               {"bytes", facts.bytes},
               {"protocol", std::string_view(facts.protocol)}});
  };
  try {
    parts_->log.commit(std::move(writer_), std::move(envelope), std::move(done));
  } catch (const TemporaryFailure& trouble) {
    log::error("not_stored", item_, {{"reason", std::string_view(trouble.what())}});
    dialog_->message_done(parts_->write_failure(*settings_));
    item_open_ = false;
  }
}

}  // namespace kiyome::edge
