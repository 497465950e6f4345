// Reads the TOML file: the sections of mail and documents, and the whole of it. Those of the pages, of
// policy and of tenants have files beside this one (config_*.cpp).
#include "service/base/config.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "service/base/config_drop.h"
#include "service/base/config_folder.h"
#include "service/base/config_policy.h"
#include "service/base/config_review.h"
#include "service/base/config_section.h"
#include "service/base/config_tenant.h"
#include "service/base/config_transfer.h"
#include "service/base/template_files.h"

namespace kiyome {
namespace {

using namespace config_reading;

void read_smtp(Section section, SmtpServerConfig& into, const std::filesystem::path& folder) {
  section.hosts("listen", into.listen);
  section.text("hostname", into.hostname, values::domain_trouble);
  section.whole("max_message_bytes", into.max_message_bytes, 1, limits::kMessageBytes);
  section.networks("relay_networks", into.relay_networks);
  section.texts("relay_domains", into.relay_domains, values::domain_glob_trouble);
  section.file("recipients_file", into.recipients_file, folder);
  section.networks("xclient_networks", into.xclient_networks);
  section.networks("proxy_networks", into.proxy_networks);
  section.whole("connections_max", into.connections_max, 1, 1'000'000);
  section.whole("connections_per_address_max", into.connections_per_address_max, 0, 1'000'000);
  section.whole("recipients_max", into.recipients_max, 1, limits::kSmtpRecipients);
  section.whole("errors_max", into.errors_max, 1, 1000);
  section.whole("command_timeout_seconds", into.command_timeout_seconds, 1, kDaySeconds);
  section.whole("data_timeout_seconds", into.data_timeout_seconds, 1, kDaySeconds);
  section.whole("session_timeout_seconds", into.session_timeout_seconds, 1, kDaySeconds);
  section.whole("free_bytes_min", into.free_bytes_min, 0, std::uint64_t{1} << 50);
  section.whole("free_inodes_min", into.free_inodes_min, 0, 1'000'000'000);
  section.whole("threads", into.threads, 0, 256);
  section.done();
}

void read_client(Section& section, SmtpClientConfig& into, const std::filesystem::path& folder) {
  section.hosts("hosts", into.hosts);
  section.optional_text("hostname", into.hostname, values::domain_trouble);
  section.choice<TlsMode>(
      "tls", into.tls,
      {{"none", TlsMode::none}, {"opportunistic", TlsMode::opportunistic}, {"required", TlsMode::required}});
  section.file("tls_ca", into.tls_ca, folder);
  section.whole("connections_max", into.connections_max, 1, 1000);
  section.whole("timeout_seconds", into.timeout_seconds, 1, kDaySeconds);
  section.real("retry_first_seconds", into.retry_first_seconds, static_cast<double>(kDaySeconds));
  section.real("retry_max_seconds", into.retry_max_seconds, static_cast<double>(kDaySeconds));
  section.real("lifetime_hours", into.lifetime_hours, 24 * kLongestDays);
  section.real("delay_notice_hours", into.delay_notice_hours, 24 * kLongestDays, true);
  if (into.retry_max_seconds < into.retry_first_seconds) {
    const toml::node* node = section.find("retry_max_seconds");
    if (node != nullptr)
      section.wrong(*node, "retry_max_seconds", "must not be smaller than retry_first_seconds");
    into.retry_max_seconds = into.retry_first_seconds;
  }
}

// host and port as the interface has them; hosts, as in gate.deliver, in their place when there are several.
void read_return(Section section, SmtpClientConfig& into, const std::filesystem::path& folder) {
  std::string host = into.hosts[0].host;
  std::uint16_t port = into.hosts[0].port;
  section.text("host", host);
  section.whole("port", port, 1, 65535);
  const std::optional<HostPort> single = values::host_port(HostPort{host, port}.text());
  if (!single && section.has("host"))
    section.wrong(*section.find("host"), "host", in_quotes(host) + " is not a host");
  if (single) into.hosts = {*single};
  if (section.has("hosts") && (section.has("host") || section.has("port")))
    section.wrong(*section.find("hosts"), "hosts", "stands in place of host and port: give one of them only");
  read_client(section, into, folder);
  section.done();
}

void read_notice(Section section, NoticeConfig& into) {
  section.optional_text("sender", into.sender, values::address_trouble);
  section.optional_text("contact", into.contact, values::line_trouble);
  section.yes_or_no("external_mark", into.external_mark);
  section.yes_or_no("break_links", into.break_links);
  section.texts("own_domains", into.own_domains, values::domain_trouble);
  section.optional_text("trusted_authserv_id", into.trusted_authserv_id, values::domain_trouble);
  section.done();
}

void read_tls(Section section, Config& config, const std::filesystem::path& folder) {
  section.file("certificate", config.tls_certificate, folder);
  section.file("key", config.tls_key, folder);
  if (config.tls_certificate.empty() != config.tls_key.empty()) {
    const char* given = config.tls_key.empty() ? "certificate" : "key";
    section.wrong(*section.find(given), given, "certificate and key must both be given, or neither");
  }
  section.done();
}

// Left to libpq but for what no url can have.
std::string store_trouble(std::string_view url) {
  const auto odd = [](char c) { return c <= ' ' || c == '\x7f'; };
  if (url.size() > limits::kConfigUrl) return "is longer than 2,000 octets";
  if (std::any_of(url.begin(), url.end(), odd)) return "must be without blanks and control characters";
  if (url == "sqlite" || url.starts_with("postgresql://")) return "";
  return "must be \"sqlite\" or \"postgresql://user@host/db\"";
}

void read_documents(Section section, DocumentsConfig& into) {
  constexpr std::uint64_t kDay = 86400;
  section.whole("dpi", into.dpi, limits::kDpiMin, limits::kDpiMax);
  section.yes_or_no("compact", into.compact);
  section.yes_or_no("text_layer", into.text_layer);
  section.yes_or_no("append_text", into.append_text);
  section.whole("pages_max", into.pages_max, 1, limits::kDocumentPages);
  section.whole("seconds", into.seconds, 1, kDay);
  section.whole("no_progress_seconds", into.no_progress_seconds, 1, kDay);
  section.whole("bytes_max", into.bytes_max, 1, limits::kMessageBytes);
  section.whole("depth_max", into.depth_max, 0, limits::kArchiveDepth);
  section.whole("entries_max", into.entries_max, 1, limits::kMailParts);
  section.whole("expanded_bytes_max", into.expanded_bytes_max, 1, limits::kContentOctets);
  section.whole("workers", into.workers, 0, 1024);
  section.choice<ArchiveForm>("archive", into.archive,
                              {{"parts", ArchiveForm::parts}, {"zip", ArchiveForm::zip}});
  section.choice<Unseen>("hidden", into.hidden, {{"drop", Unseen::drop}, {"show", Unseen::show}});
  section.choice<Unseen>("comments", into.comments, {{"drop", Unseen::drop}, {"show", Unseen::show}});
  section.choice<Changes>("changes", into.changes, {{"show", Changes::show}, {"accept", Changes::accept}});
  section.yes_or_no("fit_width", into.fit_width);
  section.yes_or_no("hold_mismatch", into.hold_mismatch);
  section.texts("passwords", into.passwords, [](std::string_view text) {
    return text.empty() || text.size() > limits::kJobPassword ? std::string("must be 1 to 128 octets long")
                                                              : values::line_trouble(text);
  });
  section.done();
}

void read_small_sections(Section& top, Config& config, const std::filesystem::path& folder) {
  Section store = top.sub("store");
  store.text("url", config.store.url, store_trouble);
  store.text("edge_url", config.store.edge_url, [](std::string_view url) {
    return url.empty()       ? std::string()
           : url == "sqlite" ? std::string("must be a database's url")
                             : store_trouble(url);
  });
  store.text("blobs", config.store.blobs, [](std::string_view where) {
    return where == "database" || where.starts_with('/')
               ? values::line_trouble(where)
               : std::string("must be \"database\" or a folder's path");
  });
  store.done();
  read_tls(top.sub("tls"), config, folder);
  read_notice(top.sub("notice"), config.notice);
  read_retention(top.sub("retention"), config.retention);
  Section cleaner = top.sub("cleaner");
  cleaner.whole("workers", config.cleaner.workers, 0, 1024);
  cleaner.whole("mail_seconds", config.cleaner.mail_seconds, 1, 3600);
  cleaner.done();
  read_documents(top.sub("documents"), config.documents);
  Section scan = top.sub("scan");
  scan.optional_text("clamd", config.scan.clamd, values::path_trouble);
  scan.yes_or_no("optional", config.scan.optional);
  scan.done();
  Section log = top.sub("log");
  log.choice<const char*>("level", config.log_level,
                          {{"debug", "debug"}, {"info", "info"}, {"warning", "warning"}, {"error", "error"}});
  log.done();
}

void read_all(Mistakes& mistakes, const toml::table& table, Config& config) {
  const std::filesystem::path folder = std::filesystem::path(config.path).parent_path();
  Section top(mistakes, &table, "");
  top.text("data_dir", config.data_dir, [](std::string_view text) {
    return text.empty() ? std::string("must not be empty") : values::path_trouble(text);
  });
  config.data_dir = (folder / config.data_dir).lexically_normal().string();

  Section edge = top.sub("edge");
  read_smtp(edge.sub("smtp"), config.smtp, folder);
  read_return(edge.sub("return"), config.returns, folder);
  read_drop_box(edge.sub("drop_box"), config.drop_box);
  read_folder(edge.sub("folder"), config.folder);
  edge.done();

  Section gate = top.sub("gate");
  Section deliver = gate.sub("deliver");
  read_client(deliver, config.deliver, folder);
  deliver.done();
  read_pick_up(gate.sub("pick_up"), config.pick_up);
  read_output_folder(gate.sub("folder"), config.output_folder);
  gate.yes_or_no("originals", config.gate_takes_originals);
  gate.done();
  check_folders(mistakes, config);

  read_console(mistakes, top.sub("console"), config.console);
  read_request(top.sub("request"), config.request);
  read_digest(top.sub("digest"), config.digest);
  read_audit(top.sub("audit"), config.audit, folder);
  read_transfer(top.sub("transfer"), config.transfer, folder);
  Section templates = top.sub("templates");
  templates.file("folder", config.templates, folder);
  templates.done();
  Section metrics = top.sub("metrics");
  metrics.hosts("listen", config.metrics_listen);
  metrics.done();
  read_policy(mistakes, top.sub("policy"), "policy", config.policy);
  read_approvals(mistakes, top.sub("approval"), config.approvals);
  read_auth(mistakes, top.sub("auth"), config.auth, folder);
  read_small_sections(top, config, folder);
  read_tenants(mistakes, top, config);
  top.done();
}

Config parse_into(std::string_view text, const std::string& path, Mistakes& mistakes) {
  Config config;
  config.path = path;
  config.source = text;
  if (text.size() > limits::kConfigBytes) {
    mistakes.add(0, "configuration", "is larger than " + std::to_string(limits::kConfigBytes) + " octets");
    mistakes.throw_if_any();
  }
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    mistakes.add(error.source().begin.line, "column " + std::to_string(error.source().begin.column),
                 std::string(error.description()));
    mistakes.throw_if_any();
  }
  read_all(mistakes, parsed.table(), config);
  return config;
}

}  // namespace

Config parse_config(std::string_view text, const std::string& path) {
  Mistakes mistakes(path);
  Config config = parse_into(text, path, mistakes);
  mistakes.throw_if_any();
  return config;
}

Config load_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(limits::kConfigBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) throw ConfigError(path + ": cannot be read: " + std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  Mistakes mistakes(path);
  Config config = parse_into(text, path, mistakes);
  const std::pair<const char*, const std::string*> files[] = {
      {"edge.smtp.recipients_file", &config.smtp.recipients_file},
      {"tls.certificate", &config.tls_certificate},
      {"tls.key", &config.tls_key},
      {"gate.deliver.tls_ca", &config.deliver.tls_ca},
      {"edge.return.tls_ca", &config.returns.tls_ca},
      {"auth.ldap.ca", &config.auth.ldap.ca},
      {"transfer.certificate", &config.transfer.certificate},
      {"transfer.key", &config.transfer.key},
      {"transfer.ca", &config.transfer.ca}};
  for (const auto& [key, name] : files)
    if (!name->empty() && ::access(name->c_str(), R_OK) != 0)
      mistakes.add(0, key, *name + " cannot be read: " + std::strerror(errno));
  mistakes.throw_if_any();
  if (!config.templates.empty()) config.template_texts = read_template_files(config.templates);
  return config;
}

}  // namespace kiyome
