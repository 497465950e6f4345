#include "service/edge/settings.h"

#include <algorithm>

#include "service/base/errors.h"
#include "service/policy/policy.h"

namespace kiyome::edge {

std::shared_ptr<const EdgeSettings> make_settings(const SmtpServerConfig& config, const EdgeFiles& files) {
  auto out = std::make_shared<EdgeSettings>();
  out->config = config;
  out->relay_networks = NetworkList(config.relay_networks, "edge.smtp.relay_networks");
  out->xclient_networks = NetworkList(config.xclient_networks, "edge.smtp.xclient_networks");
  out->proxy_networks = NetworkList(config.proxy_networks, "edge.smtp.proxy_networks");
  out->any_domain =
      std::find(config.relay_domains.begin(), config.relay_domains.end(), "*") != config.relay_domains.end();
  if (!config.recipients_file.empty()) {
    out->recipients.emplace(files.recipients);
    // A list that got lost must not refuse everybody for good.
    if (out->recipients->size() == 0) throw ConfigError("edge.smtp.recipients_file: names no recipient");
  }
  if (files.certificate.empty() != files.key.empty())
    throw ConfigError("tls.certificate and tls.key: give both or neither");
  if (!files.certificate.empty()) out->tls = std::make_shared<TlsContext>(files.certificate, files.key);
  out->dialog.hostname = config.hostname;
  out->dialog.message_bytes_max = std::min<std::uint64_t>(config.max_message_bytes, limits::kMessageBytes);
  out->dialog.recipients_max = config.recipients_max;
  out->dialog.errors_max = config.errors_max;
  out->dialog.commands_max = limits::kSmtpCommands;
  out->dialog.starttls = out->tls != nullptr;
  return out;
}

bool EdgeSettings::takes_domain_of(std::string_view mailbox) const {
  const std::string_view domain = mailbox.substr(mailbox.rfind('@') + 1);
  return any_domain ||
         std::any_of(config.relay_domains.begin(), config.relay_domains.end(),
                     [&](const std::string& pattern) { return policy::glob_match(pattern, domain); });
}

}  // namespace kiyome::edge
