// The configuration: one TOML file, every key optional. load_config() reports every mistake at once with
// file, line, key. deploy/kiyome.toml is the commented default and a test holds it against these values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/limits.h"
#include "service/base/config_store.h"
#include "service/base/config_transfer.h"

namespace kiyome {

// "127.0.0.1:25", "[::1]:25", or "name:25" for next hops.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
  std::string text() const;
  bool operator==(const HostPort&) const = default;
};

enum class TlsMode : std::uint8_t { none, opportunistic, required };

struct SmtpServerConfig {
  std::vector<HostPort> listen{{"127.0.0.1", 2525}};
  std::string hostname = "kiyome.example.jp";
  std::uint64_t max_message_bytes = 20971520;
  std::vector<std::string> relay_networks{"127.0.0.0/8", "::1/128"};  // CIDR: who may hand mail in
  std::vector<std::string> relay_domains{"*"};                        // recipient domains accepted (globs)
  std::string recipients_file;                                        // one address a line; empty = any
  std::vector<std::string> xclient_networks;                          // who may say XCLIENT and XFORWARD
  std::vector<std::string> proxy_networks;                            // who must begin with a PROXY v2 header
  std::uint32_t connections_max = 4000;
  std::uint32_t connections_per_address_max = 2000;  // 0 = no bound; relays come from few addresses
  std::uint32_t recipients_max = limits::kSmtpRecipients;
  std::uint32_t errors_max = limits::kSmtpErrors;
  std::uint32_t command_timeout_seconds = 300;   // RFC 5321 section 4.5.3.2
  std::uint32_t data_timeout_seconds = 600;      // absolute, for one message
  std::uint32_t session_timeout_seconds = 3600;  // absolute
  std::uint64_t free_bytes_min = 268435456;      // below: 452 4.3.1
  std::uint32_t free_inodes_min = 1000;
  std::uint32_t threads = 0;  // 0 = one a processor
};

// How to speak SMTP to a next hop.
struct SmtpClientConfig {
  std::vector<HostPort> hosts;
  std::string hostname{};  // EHLO name; empty = edge.smtp.hostname
  TlsMode tls = TlsMode::none;
  std::string tls_ca{};                 // PEM file for `required`; empty = the system's
  std::string tls_ca_pem{};             // its text, for a role: it cannot open the file itself
  std::uint32_t connections_max = 10;   // per host
  std::uint32_t timeout_seconds = 300;  // per reply; connect takes a tenth
  double retry_first_seconds = 60;
  double retry_max_seconds = 3600;
  double lifetime_hours = 120;
  double delay_notice_hours = 4;  // RFC 3464 "delayed"; 0 = never
};

enum class Verdict : std::uint8_t { clean, held, rejected };
// image: pictures stay pictures. view: held, but its pages can be looked at (画面転送); in a mail as hold.
enum class Action : std::uint8_t { strip, text, flatten, image, hold, view };

// What to do with one recipient's copy, and where that was decided.
struct PolicyActions {
  std::optional<Verdict> verdict;
  std::optional<Action> mail_body;  // only `text` is meaningful today
  std::optional<Action> attachments;
  bool operator==(const PolicyActions&) const = default;
};

// [[policy.rule]]: first match wins; an empty pattern matches everything.
struct PolicyRule {
  std::string from;  // glob over the envelope sender
  std::string to;    // glob over one recipient
  std::string type;  // glob over a part's detected type: then the rule speaks of that part only
  std::optional<std::uint64_t>
      size_over;  // octets: of the part when the rule speaks of parts, else of the whole item
  PolicyActions actions;
  std::uint32_t line = 0;  // in the file, for `policy explain`
};

struct PolicyConfig {
  Action mail_body = Action::text;
  Action attachments = Action::strip;
  std::vector<PolicyRule> rules;
};

struct NoticeConfig {
  std::string sender;  // From of notices and DSN; empty = postmaster@edge.smtp.hostname
  std::string contact;  // "情報政策課 内線1234": how to ask for a removed part; empty = a neutral sentence
  bool external_mark = false;            // 【外部】 before the subject
  bool break_links = false;              // http[:]//
  std::vector<std::string> own_domains;  // warn when they come from outside
  std::string trusted_authserv_id;       // RFC 8601: whose Authentication-Results to show; empty = none
};

struct RetentionConfig {
  double originals_days = 14;  // delivered items
  double held_days = 30;       // held items; then deleted with an audit entry
  double records_days = 1095;  // items and verdicts
};

struct CleanerConfig {
  std::uint32_t workers = 0;  // jobs at once; 0 = processors + 1
  std::uint32_t mail_seconds = limits::kMailJobWallMs / 1000;
};

// What an archive's entries leave as: files beside each other, or one clean ZIP with the archive's folders.
enum class ArchiveForm : std::uint8_t { parts, zip };
// What an office document hides, or says beside its pages; how its tracked changes look.
enum class Unseen : std::uint8_t { drop, show };
enum class Changes : std::uint8_t { show, accept };

struct DocumentsConfig {
  std::uint32_t dpi = 150;
  bool compact = false;                         // black and white, for scans and forms
  bool text_layer = true;                       // invisible words over the pixels, to be searched and copied
  bool append_text = false;                     // `text`: the words also stand at the end of the mail's body
  std::uint32_t pages_max = 2000;               // further ones are left out, which is said
  std::uint32_t seconds = 120;                  // for one document, each of its steps
  std::uint32_t no_progress_seconds = 60;       // without a page
  std::uint64_t bytes_max = 256u << 20;         // of one document as it comes
  std::uint32_t depth_max = 4;                  // archives and mails within each other
  std::uint32_t entries_max = 500;              // of an item's archives, all together
  std::uint64_t expanded_bytes_max = 1u << 30;  // of them
  std::uint32_t workers = 0;                    // documents at once; 0 = processors, as far as memory goes
  ArchiveForm archive = ArchiveForm::parts;
  Unseen hidden = Unseen::drop;        // sheets, rows, columns, slides and words that are hidden
  Unseen comments = Unseen::drop;      // comments and speaker's notes
  Changes changes = Changes::show;     // tracked changes: as the document shows them, or as if accepted
  bool fit_width = false;              // a sheet without page setup fits the width of a page
  std::uint32_t first_page = 1;        // no key: `kiyome sanitize --pages`
  bool hold_mismatch = false;          // hold a part whose name, declaration and content disagree
  std::vector<std::string> passwords;  // tried on what is encrypted
};

struct ScanConfig {
  std::string clamd;      // path of clamd's Unix socket; empty = no scan
  bool optional = false;  // go on when clamd does not answer
};

// An HTTP listener; without addresses there is none.
struct HttpConfig {
  std::vector<HostPort> listen;
  std::vector<std::string> hosts;  // names under which browsers come; empty = any
  std::uint32_t connections_max = 400;
};

struct DropBoxConfig {
  HttpConfig http;
  std::uint64_t file_bytes_max = 1u << 30;
  std::uint32_t files_max = 100;                         // of one submission
  std::uint64_t day_bytes_max = std::uint64_t{4} << 30;  // of one account in 24 hours
  std::uint32_t upload_hours = 24;                       // an upload that nobody goes on with is dropped
  std::vector<std::string> importances{"通常", "重要", "至急"};
  double history_days = 90;    // how long senders see what they sent
  std::string url;             // of the page, for invitations; empty = nobody can be invited
  double invitation_days = 7;  // how long an invitation is good
  std::uint64_t invitation_bytes_max = 1u << 30;  // what an invited person may send
};

// A watched folder on the Internet side (a share): its files go the way of the drop box.
struct FolderConfig {
  std::string watch;                    // absolute; empty = none
  std::vector<std::string> recipients;  // mail addresses: policy, approval and the gate's folder know them
  std::string sender, sender_name;      // as whom they come; policy sees the address
  std::string importance;
  double settle_seconds = 2;  // unchanged for so long, a file is whole
  std::uint64_t file_bytes_max = 1u << 30;
  double history_days = 90;  // how long is known what came of a file
};

// Where the gate puts what was sent to one of these addresses: the clean files, and a report of each.
struct OutputFolderConfig {
  std::string output;  // absolute; empty = none
  std::vector<std::string> recipients;
};

struct PickUpConfig {
  HttpConfig http;
  double days = 14;           // how long files can be picked up
  std::string url;            // of the page, for the mails that tell of it; empty = none is told
  std::string notify_sender;  // From of these mails; empty = notice.sender
  double approval_hours = limits::kApprovalHours;  // of business, then the next level up may decide too
};

// [[approval.rule]]: whose files wait for a superior; every rule that matches asks for it.
struct ApprovalRule {
  std::string name;        // shown to the approver
  std::string from, to;    // globs over mail addresses
  std::string type;        // glob over the detected type
  std::string importance;  // glob
  std::string finding;     // slug
  std::optional<std::uint64_t> size_over;
  std::string department;  // glob over the recipient's department: asked on the closed side, which knows it
  bool released = false;   // only what was held and then released by an operator
};

// [[console.department]]: whose items are shown and counted as a department's.
struct DepartmentConfig {
  std::string name;
  std::vector<std::string> addresses;  // globs over the recipient's mail address
};

// The quarantine review, on the Internet side.
struct ConsoleConfig {
  HttpConfig http;
  std::string url;        // of the page, for the mails that tell of it; empty = they name no address
  std::string authority;  // whose service this is, on reports: "○○市 情報政策課"
  std::vector<DepartmentConfig> departments;
  bool second_person = true;              // what loosens a policy takes two people; an original always does
  double proposal_hours = 72;             // how long a proposal waits for its second person
  double escalation_hours = 4;            // then those in escalate_to are told, too
  std::vector<std::string> reviewers;     // mail addresses: who is told of what waits
  std::vector<std::string> escalate_to;   // mail addresses
  std::vector<std::string> originals_to;  // globs over mail addresses on the Internet side; empty = never
};

// What a recipient can ask for by the link in a notice: a part that was held, a file's password.
struct RequestConfig {
  bool links = true;         // where gate.pick_up.url says where the page is
  double days = 14;          // how long a link is good
  std::uint32_t tries = 10;  // passwords of one recipient of one item
};

struct DigestConfig {
  bool recipients = false;  // a daily mail to each whose items are held
  bool reviewers = true;    // … to console.reviewers, of what waits
  std::uint32_t hour = 8;   // of the local day
};

struct AuditConfig {
  double days = 3650;              // entries are kept; the trail is cut only where a signed checkpoint stands
  double checkpoint_minutes = 10;  // between two signed checkpoints, when there is something new
  std::string syslog;  // "tls://host:6514" (RFC 5425) or "tcp://host:601" (RFC 6587); empty = none
  std::string syslog_ca, syslog_ca_pem;  // PEM file and, for a role, its text; empty = the system's
};

// A part of a tenant with rules of its own (市長部局, 議会, 消防 …): beside the tenant's the stricter one
// wins.
struct OrganisationConfig {
  std::string name;
  std::vector<std::string> addresses;  // globs over the recipient's mail address
  // What it does not say, it leaves to the tenant: the mildest action never wins.
  PolicyConfig policy{Action::text, Action::image, {}};
};

// [[tenant]]: one municipality of several that share a service. Without any there is one, without a name.
struct TenantConfig {
  std::string name;                    // as `kiyome user add --tenant`
  std::vector<std::string> domains;    // globs: whose recipients are its
  std::optional<PolicyConfig> policy;  // in place of [policy]
  std::optional<RetentionConfig> retention;
  std::optional<double> pick_up_days;
  std::vector<OrganisationConfig> organisations;
};

struct LdapConfig {
  std::string url;                     // "ldaps://dc.example.lg.jp"; empty = local accounts only
  std::string ca, ca_pem;              // PEM file and, for a role, its text; empty = the system's
  bool start_tls = false;              // with ldap://
  std::string bind_dn, bind_password;  // to look a login up
  std::string base;                    // "ou=people,dc=example,dc=lg,dc=jp"
  std::string filter = "(uid={login})";
  std::string mail_attribute = "mail", name_attribute = "displayName", department_attribute = "department";
  std::vector<std::pair<std::string, std::string>> groups;  // DN of a group → role
};

struct AuthConfig {
  std::vector<std::string> second_factor{"sender",   "staff",   "approver",
                                         "reviewer", "auditor", "administrator"};
  std::uint32_t idle_minutes = 30;
  std::uint32_t absolute_hours = 12;
  std::uint32_t tries = 5;  // wrong ones in a row, then the login waits
  std::uint32_t lock_minutes = 15;
  std::uint32_t password_length_min = 12;
  LdapConfig ldap;
};

struct Config {
  std::string path;    // the file it came from; empty = defaults
  std::string source;  // its text: handed to the roles, which read no file
  std::string data_dir = "/var/lib/kiyome";
  StoreConfig store;
  SmtpServerConfig smtp;
  SmtpClientConfig deliver{.hosts = {{"127.0.0.1", 2526}}};
  SmtpClientConfig returns{.hosts = {{"127.0.0.1", 2527}}};
  std::string tls_certificate, tls_key;
  PolicyConfig policy;
  NoticeConfig notice;
  RetentionConfig retention;
  CleanerConfig cleaner;
  DocumentsConfig documents;
  ScanConfig scan;
  DropBoxConfig drop_box;
  FolderConfig folder;
  PickUpConfig pick_up;
  OutputFolderConfig output_folder;
  bool gate_takes_originals = false;  // gate.originals: sealed originals that two people released may cross
  ConsoleConfig console;
  RequestConfig request;
  DigestConfig digest;
  AuditConfig audit;
  TransferConfig transfer;
  std::string templates;  // folder with our mails' words; empty = those that are built in
  std::vector<std::pair<std::string, std::string>> template_texts;  // for a role: name and text of each file
  std::vector<TenantConfig> tenants;
  std::vector<ApprovalRule> approvals;
  AuthConfig auth;
  std::string log_level = "info";
  std::vector<HostPort> metrics_listen;  // metrics.listen: numbers for Prometheus; empty = none are served
};

// Throws ConfigError naming every mistake. `path` names the text in messages; relative paths in it are taken
// from there.
Config parse_config(std::string_view text, const std::string& path);
Config load_config(const std::string& path);

// What of the watched and the output folder cannot be found on this machine now, in words for the operator.
// No mistake: a share may come later, or be another host's.
std::vector<std::string> absent_folders(const Config& config);

}  // namespace kiyome
