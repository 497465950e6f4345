// Everything the SMTP server was told by its operator, made ready for use. Never changes: a reload makes a
// new one, and sessions end with the one they began with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proto/smtp/server_dialog.h"
#include "service/base/config.h"
#include "service/edge/network.h"
#include "service/edge/recipient_list.h"
#include "service/edge/tls.h"

namespace kiyome::edge {

struct EdgeSettings {
  SmtpServerConfig config;
  smtp::ServerSettings dialog;
  NetworkList relay_networks;
  NetworkList xclient_networks;
  NetworkList proxy_networks;
  bool any_domain = false;                  // relay_domains has "*"
  std::optional<RecipientList> recipients;  // absent: any
  std::shared_ptr<const TlsContext> tls;    // null: no STARTTLS; shared with the sessions that use it

  // Whether items go to the domain of "local@domain", and whether somebody is known by that address.
  bool takes_domain_of(std::string_view mailbox) const;
  bool knows(std::string_view mailbox) const { return !recipients || recipients->contains(mailbox); }
};

// The contents of the files the configuration names, read by the supervisor. Empty: not named.
struct EdgeFiles {
  std::string recipients, certificate, key;
};

// Throws ConfigError.
std::shared_ptr<const EdgeSettings> make_settings(const SmtpServerConfig& config, const EdgeFiles& files);

}  // namespace kiyome::edge
