// Reads the TOML file. The operator is trusted, but not to be free of mistakes: each one is kept with its
// line and key, and all are told together. toml++ stays within this file.
#include "service/base/config.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <set>
#include <utility>

#include "service/base/config_values.h"
#include "service/base/errors.h"
#include "service/base/log.h"

namespace kiyome {
namespace {

namespace values = config_values;

std::uint32_t line_of(const toml::node& node) { return node.source().begin.line; }

// Hostile or not, what the file says reaches a terminal: quoted and escaped.
std::string in_quotes(std::string_view text) { return log::json_string(text.substr(0, limits::kConfigLine)); }

class Mistakes {
 public:
  explicit Mistakes(std::string path) : path_(std::move(path)) {}

  void add(std::uint32_t line, const std::string& key, const std::string& what) {
    const std::string shown = in_quotes(key);  // an unknown key is the file's own text
    found_.emplace_back(line, shown.substr(1, shown.size() - 2) + ": " + what);
  }
  void unknown(std::uint32_t line, const std::string& key) { unknown_.emplace_back(line, key); }
  void name(std::string name) { names_.push_back(std::move(name)); }

  void throw_if_any() {
    for (const auto& [line, key] : unknown_) {
      const std::string meant = values::did_you_mean(key, names_);
      add(line, key, "unknown key" + (meant.empty() ? "" : ": did you mean " + meant + "?"));
    }
    unknown_.clear();
    if (found_.empty()) return;
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::string all;
    for (const auto& [line, what] : found_) {
      if (!all.empty()) all += '\n';
      all += path_ + ":" + (line == 0 ? "" : std::to_string(line) + ":") + " " + what;
    }
    throw ConfigError(all);
  }

 private:
  std::string path_;
  std::vector<std::pair<std::uint32_t, std::string>> found_;
  std::vector<std::pair<std::uint32_t, std::string>> unknown_;
  std::vector<std::string> names_;  // every key and table there is, for did_you_mean
};

using Trouble = std::string (*)(std::string_view);

// One table of the file, which may be absent. Each read notes the key as known; done() tells the unknown
// ones.
class Section {
 public:
  Section(Mistakes& mistakes, const toml::table* table, std::string name)
      : mistakes_(mistakes), table_(table), name_(std::move(name)) {}

  Section sub(std::string_view key) {
    const toml::node* node = find(key);
    if (node != nullptr && !node->is_table()) wrong(*node, key, "must be a table");
    return {mistakes_, node == nullptr ? nullptr : node->as_table(), full(key)};
  }

  const toml::node* find(std::string_view key) {
    known_.emplace(key);
    mistakes_.name(full(key));
    return table_ == nullptr ? nullptr : table_->get(key);
  }

  bool has(std::string_view key) const { return table_ != nullptr && table_->contains(key); }

  void wrong(const toml::node& node, std::string_view key, const std::string& what) {
    mistakes_.add(line_of(node), full(key), what);
  }

  void text(std::string_view key, std::string& into, Trouble trouble = values::line_trouble) {
    const toml::node* node = find(key);
    if (node != nullptr) read_text(*node, key, into, trouble);
  }

  // As text(), but "" is allowed and means: none.
  void optional_text(std::string_view key, std::string& into, Trouble trouble) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    if (node->value<std::string_view>() == std::string_view()) {
      into.clear();
    } else {
      read_text(*node, key, into, trouble);
    }
  }

  // Empty, or a path; a relative one is taken from the file's own folder.
  void file(std::string_view key, std::string& into, const std::filesystem::path& folder) {
    optional_text(key, into, values::path_trouble);
    if (has(key) && !into.empty()) into = (folder / into).lexically_normal().string();
  }

  void texts(std::string_view key, std::vector<std::string>& into, Trouble trouble) {
    std::vector<std::string> out;
    if (each(key, [&](const toml::node& node) {
          std::string value;
          if (read_text(node, key, value, trouble)) out.push_back(std::move(value));
        }))
      into = std::move(out);
  }

  void networks(std::string_view key, std::vector<std::string>& into) {
    texts(key, into, values::network_trouble);
    for (std::string& network : into) network = values::with_prefix_length(network);
  }

  void hosts(std::string_view key, std::vector<HostPort>& into) {
    std::vector<HostPort> out;
    bool tried = false;
    const bool given = each(key, [&](const toml::node& node) {
      tried = true;
      const std::optional<std::string_view> value = node.value<std::string_view>();
      const std::optional<HostPort> host = value ? values::host_port(*value) : std::nullopt;
      if (!host) {
        wrong(node, key, "must be \"ADDRESS:PORT\"" + (value ? ", not " + in_quotes(*value) : std::string()));
      } else if (std::find(out.begin(), out.end(), *host) != out.end()) {
        wrong(node, key, "names " + host->text() + " twice");
      } else {
        out.push_back(*host);
      }
    });
    if (given && !tried) wrong(*table_->get(key), key, "must name at least one ADDRESS:PORT");
    if (given && !out.empty()) into = std::move(out);
  }

  template <class T>
  void whole(std::string_view key, T& into, std::uint64_t min, std::uint64_t max) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const std::optional<std::int64_t> value = node->is_integer() ? node->value<std::int64_t>() : std::nullopt;
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < min ||
        static_cast<std::uint64_t>(*value) > max) {
      wrong(*node, key, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    } else {
      into = static_cast<T>(*value);
    }
  }

  void real(std::string_view key, double& into, double max, bool zero_allowed = false) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const std::optional<double> value = node->is_number() ? node->value<double>() : std::nullopt;
    if (!value || !std::isfinite(*value) || *value < 0 || (*value == 0 && !zero_allowed) || *value > max) {
      wrong(*node, key,
            std::string("must be a number ") + (zero_allowed ? "from 0" : "greater than 0") + " and up to " +
                std::to_string(static_cast<std::uint64_t>(max)));
    } else {
      into = *value;
    }
  }

  void yes_or_no(std::string_view key, bool& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    if (!node->is_boolean()) return wrong(*node, key, "must be true or false");
    into = *node->value<bool>();
  }

  template <class T, class Into>
  void choice(std::string_view key, Into& into,
              std::initializer_list<std::pair<std::string_view, T>> choices) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const std::optional<std::string_view> value = node->value<std::string_view>();
    std::string all;
    for (const auto& [word, meaning] : choices) {
      if (value == word) {
        into = meaning;
        return;
      }
      all += (all.empty() ? "\"" : ", \"") + std::string(word) + "\"";
    }
    wrong(*node, key, (choices.size() == 1 ? "must be " : "must be one of ") + all);
  }

  void done() {
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_)
      if (!known_.contains(std::string(key.str())))
        mistakes_.unknown(key.source().begin.line, full(key.str()));
  }

 private:
  std::string full(std::string_view key) const {
    return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
  }

  bool read_text(const toml::node& node, std::string_view key, std::string& into, Trouble trouble) {
    const std::optional<std::string_view> value = node.value<std::string_view>();
    if (!value) {
      wrong(node, key, "must be a text in quotes");
      return false;
    }
    const std::string why = trouble(*value);
    if (!why.empty()) {
      wrong(node, key, in_quotes(*value) + " " + why);
      return false;
    }
    into = *value;
    return true;
  }

  // Calls use() for each element of a list, or for a single text standing in its place. false when the key is
  // absent.
  template <class F>
  bool each(std::string_view key, F&& use) {
    const toml::node* node = find(key);
    if (node == nullptr) return false;
    if (const toml::array* list = node->as_array()) {
      for (const toml::node& element : *list) use(element);
    } else {
      use(*node);
    }
    return true;
  }

  Mistakes& mistakes_;
  const toml::table* table_;
  std::string name_;
  std::set<std::string> known_;
};

constexpr std::uint64_t kDaySeconds = 86400;
constexpr double kLongestDays = 36500;  // a hundred years: more is a mistyped number

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

// A listener of a part that this build does not have: checked, then told once at start.
void read_later(Section section, const std::string& name, Config& config) {
  std::vector<HostPort> listen;
  section.hosts("listen", listen);
  section.done();
  if (section.has("listen")) config.later_listeners.push_back(name);
}

template <class Into>
void read_attachments(Section& section, Into& into) {
  section.choice<Action>("attachments", into,
                         {{"strip", Action::strip},
                          {"text", Action::text},
                          {"flatten", Action::flatten},
                          {"image", Action::image},
                          {"hold", Action::hold}});
}

void read_rule(Section section, const toml::table& table, PolicyRule& rule) {
  rule.line = line_of(table);
  section.text("from", rule.from, values::glob_trouble);
  section.text("to", rule.to, values::glob_trouble);
  section.text("type", rule.type, values::glob_trouble);
  if (section.find("size_over") != nullptr)
    section.whole("size_over", rule.size_over.emplace(), 0, std::uint64_t{1} << 50);
  section.choice<Verdict>(
      "verdict", rule.actions.verdict,
      {{"clean", Verdict::clean}, {"held", Verdict::held}, {"rejected", Verdict::rejected}});
  section.choice<Action>("mail_body", rule.actions.mail_body, {{"text", Action::text}});
  read_attachments(section, rule.actions.attachments);
  // Said here rather than passed over in silence: someone relies on the hold that never comes.
  for (const char* key : {"verdict", "mail_body"})
    if (section.has("type") && section.has(key))
      section.wrong(*section.find(key), key,
                    "a rule with type speaks of parts and sets attachments only (\"hold\" holds the part)");
  section.done();
}

void read_policy(Mistakes& mistakes, Section section, PolicyConfig& into) {
  section.choice<Action>("mail_body", into.mail_body, {{"text", Action::text}});
  read_attachments(section, into.attachments);
  const toml::node* rules = section.find("rule");
  // Read once without a table too, so that the names of its keys are known to did_you_mean.
  const toml::table none;
  PolicyRule unused;
  read_rule({mistakes, nullptr, "policy.rule"}, none, unused);
  if (rules != nullptr && !rules->is_array())
    section.wrong(*rules, "rule", "must be written [[policy.rule]]");
  if (rules != nullptr && rules->is_array()) {
    for (const toml::node& element : *rules->as_array()) {
      const toml::table* table = element.as_table();
      if (table == nullptr) {
        section.wrong(element, "rule", "must be written [[policy.rule]]");
        continue;
      }
      read_rule({mistakes, table, "policy.rule"}, *table, into.rules.emplace_back());
    }
  }
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

std::string store_trouble(std::string_view url) {
  if (url == "sqlite") return "";
  if (url.starts_with("postgresql://"))
    return "is not possible yet: this build has the embedded store (\"sqlite\") only";
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
  store.text("url", config.store_url, store_trouble);
  store.done();
  read_tls(top.sub("tls"), config, folder);
  read_notice(top.sub("notice"), config.notice);
  Section retention = top.sub("retention");
  retention.real("originals_days", config.retention.originals_days, kLongestDays);
  retention.real("held_days", config.retention.held_days, kLongestDays);
  retention.real("records_days", config.retention.records_days, kLongestDays);
  retention.done();
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
  read_later(edge.sub("drop_box"), "edge.drop_box", config);
  edge.done();

  Section gate = top.sub("gate");
  Section deliver = gate.sub("deliver");
  read_client(deliver, config.deliver, folder);
  deliver.done();
  read_later(gate.sub("pick_up"), "gate.pick_up", config);
  gate.done();

  read_later(top.sub("console"), "console", config);
  read_later(top.sub("metrics"), "metrics", config);
  read_policy(mistakes, top.sub("policy"), config.policy);
  read_small_sections(top, config, folder);
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
      {"edge.return.tls_ca", &config.returns.tls_ca}};
  for (const auto& [key, name] : files)
    if (!name->empty() && ::access(name->c_str(), R_OK) != 0)
      mistakes.add(0, key, *name + " cannot be read: " + std::strerror(errno));
  mistakes.throw_if_any();
  return config;
}

}  // namespace kiyome
