// Every bound of the project: sizes in octets unless named otherwise, counts, depths, times. Each has its
// reason. A loop over input names one of these; a test stands one below, at, and one above.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kiyome::limits {

// ---- SMTP (RFC 5321 section 4.5.3.1, wider where real clients are) ----
inline constexpr std::size_t kSmtpCommandLine = 2048;  // 512 plus SMTPUTF8, DSN, XCLIENT parameters
inline constexpr std::size_t kSmtpReplyLine = 2048;    // a next hop's reply line; longer is a broken peer
inline constexpr std::size_t kSmtpReplyLines = 128;    // lines of one multi-line reply
inline constexpr std::size_t kSmtpPath = 1000;         // 256 in the RFC; SRS and VERP senders are longer
inline constexpr std::size_t kSmtpRecipients = 1000;   // default; RFC asks for at least 100
inline constexpr std::uint32_t kSmtpIdleCommands =
    100;  // NOOP, RSET … since the last accepted message; Postfix 100
inline constexpr std::size_t kSmtpCommands = 4000;  // commands since the last accepted message before 421
inline constexpr std::size_t kSmtpErrors = 20;      // refused commands since then before 421
inline constexpr std::size_t kSmtpDomain = 255;     // RFC 5321 section 4.5.3.1.2; HELO names too
inline constexpr std::size_t kSmtpLabel = 63;       // of a domain, RFC 1035 section 2.3.4
inline constexpr std::size_t kSmtpEnvid = 100;      // RFC 3461 section 4.4, as sent
inline constexpr std::size_t kSmtpOrcpt = 500;      // RFC 3461 section 4.2, as sent
inline constexpr std::size_t kSmtpOverlong = 64u << 10;  // of a command line read to its end before 421
inline constexpr std::size_t kSmtpSwallow = 64u
                                            << 20;  // of a refused message read to its end before the close
inline constexpr std::size_t kSmtpReplyBacklog = 16u << 10;  // of unread replies before input waits
inline constexpr std::size_t kSmtpEnvelope =
    256u << 10;  // addresses and DSN parameters of one transaction, together
inline constexpr std::size_t kProxyHeader = 4096;  // PROXY v2 addresses and TLVs; haproxy sends below 300
inline constexpr std::size_t kSmtpReadBuffer = 64u
                                               << 10;  // of one read, and of input that waits for a commit
inline constexpr std::size_t kSmtpTurn = 256u
                                         << 10;  // read from one connection before others have their turn
inline constexpr std::size_t kSmtpLinger =
    4u << 20;  // read and dropped after the last reply, so that it arrives
inline constexpr std::size_t kMessageBytes = 1u << 30;  // hard ceiling over edge.smtp.max_message_bytes

// ---- a mail, in the sandbox ----
inline constexpr std::size_t kMailHeaderBytes = 1u << 20;  // one header block; real ones stay below 100 KB
inline constexpr std::size_t kMailHeaderFields = 2000;     // of one header block
inline constexpr std::size_t kMailParts = 2000;            // parts of a whole mail
inline constexpr std::size_t kMailDepth = 64;              // nesting of multiparts and messages
inline constexpr std::size_t kMailDerivedBytes =
    192u << 20;  // decoded to be scanned again: messages in base64, TNEF, uuencode
inline constexpr std::size_t kMailBoundary = 998;         // 70 in RFC 2046; senders are longer
inline constexpr std::size_t kMailAddresses = 5000;       // of one address field
inline constexpr std::size_t kMailReferences = 200;       // message ids of one References field
inline constexpr std::size_t kMimeticBytes = 256u << 10;  // the second opinion skips larger mails
inline constexpr std::uint32_t kReceivedMax = 100;   // RFC 5321 section 6.3: at least 100 hops are no loop
inline constexpr std::size_t kEncodedWords = 20000;  // of one header block
inline constexpr std::size_t kGuessOctets =
    64u << 10;                                  // what a guess of a charset looks at; more changes no guess
inline constexpr std::size_t kHtmlDepth = 256;  // open elements whose effect is kept; deeper ones have none
inline constexpr std::size_t kHtmlTableDepth =
    8;                                         // nested tables that are laid out; deeper ones read as lines
inline constexpr std::size_t kHtmlIndent = 8;  // shown levels of quotes and of lists
inline constexpr std::size_t kHtmlStyleSheet = 1u << 20;  // of one <style> element
inline constexpr std::size_t kHtmlStyleRules = 4000;      // rules kept of a document
inline constexpr unsigned kHtmlStyleDepth = 4;  // @media within @supports …; each level is read once more
inline constexpr std::size_t kHtmlSpan = 50;  // columns and rows a cell reaches over; each is a cell to write
inline constexpr std::size_t kHtmlClasses = 32;        // class names of one element that are looked up
inline constexpr std::size_t kHtmlLink = 2048;         // octets of a link's target that are shown
inline constexpr std::size_t kHtmlImages = 10000;      // images of a document that get a number
inline constexpr std::size_t kContentLines = 50000;    // of a calendar or card; a year of meetings has fewer
inline constexpr std::size_t kContentParameters = 64;  // of one such line, and fields of one structured value
inline constexpr std::size_t kCalendarEvents = 1000;   // shown of one calendar
inline constexpr std::size_t kCalendarPeople = 300;    // attendees shown of one event
inline constexpr std::size_t kCalendarZones = 64;      // VTIMEZONE definitions read
inline constexpr std::size_t kZipEntries = 20000;      // names looked at to tell what a ZIP is
inline constexpr std::size_t kZipContentTypes = 8;     // lists of content types of one package; one is right
inline constexpr std::size_t kZipManifest = 256u << 10;  // of an ODF manifest, to see whether it is encrypted
inline constexpr std::size_t kOleSectors = 4096;         // directory sectors of an OLE file that are followed
inline constexpr std::size_t kOleStreams = 8192;         // stream names of an OLE file
inline constexpr std::size_t kOleMini = 1u << 20;        // of an OLE file's small streams, each below 4 KB
inline constexpr std::size_t kOleLooks = 8;              // at each entry of a message; a sound one needs 3
inline constexpr std::size_t kOleWorkbookHead = 16u << 10;  // a workbook's records up to its sheets' names
inline constexpr std::size_t kTypeScan = 256u << 10;        // octets that decide what kind of text a text is
inline constexpr std::size_t kMailDecoded =
    64u << 20;  // of one file or body that decoding can make larger than its source
inline constexpr std::size_t kMailEncodedFiles = 1000;  // uuencode, yEnc, BinHex blocks of one text
inline constexpr std::size_t kMailPgpBlocks = 1000;     // of one text
inline constexpr std::size_t kMailRelics = 1000;        // places of one text that may hide a file
inline constexpr std::size_t kMailRelicTries = 100;     // of them read to the end of the text: a square
inline constexpr std::size_t kRtfDepth = 500;     // groups within groups; deeper ones share the last state
inline constexpr std::size_t kRtfFonts = 4096;    // of one font table
inline constexpr std::size_t kRtfField = 4096;    // octets of one field's instruction; a URL fits
inline constexpr std::size_t kOutlookDepth = 16;  // messages within each other in one .msg
inline constexpr std::size_t kCmsDepth = 32;  // constructed octet strings within each other; real ones have 2

// ---- the clean language ----
inline constexpr std::size_t kCleanFrame = 16u << 20;       // one message; a body text is the largest
inline constexpr std::size_t kCleanAnswer = 256u << 20;     // one whole answer
inline constexpr std::size_t kCleanText = 8u << 20;         // UTF-8 octets of one text
inline constexpr std::size_t kCleanHeaderText = 64u << 10;  // UTF-8 octets of one header value
inline constexpr std::size_t kCleanName = 1024;             // UTF-8 octets of a file name
inline constexpr std::size_t kCleanMessageId =
    990;  // stands on a line of its own after a fold, RFC 5322 2.1.1
inline constexpr std::size_t kCleanHostName = 255;       // RFC 1035 section 2.3.4
inline constexpr std::size_t kCleanAuthentication = 16;  // results told; one server says three to six
inline constexpr std::size_t kCleanKiyomeIds = 16;  // X-Kiyome-Id fields told; one is enough to see a loop
inline constexpr std::size_t kCleanType = 255;      // of a media type, RFC 6838 section 4.2
inline constexpr std::size_t kCleanFindings = 64;   // of one part
inline constexpr std::size_t kCleanDetail = 1024;   // of one finding's detail

// ---- documents, in the clean language ----
inline constexpr std::size_t kCleanChunk = 1u << 20;    // of one stretch of pixels or of octets that go on
inline constexpr std::uint32_t kArchiveDepth = 16;      // archives within each other; policy asks for less
inline constexpr std::uint32_t kDocumentPages = 20000;  // a year's minutes have 3,000
inline constexpr std::uint32_t kPageMillipoints = 14400u * 1000;  // 200 inches: ISO 32000-1 annex C.2
inline constexpr std::uint32_t kPageOverhang = 1000;     // millipoints; one pixel of the lowest resolution
inline constexpr std::uint32_t kPageSide = 32000;        // pixels; a JPEG has at most 65,535
inline constexpr std::uint64_t kPagePixels = 40u << 20;  // of one page; A0 at 150 dpi has 35 million
inline constexpr std::size_t kPageWords = 100000;        // of one page; a dense sheet has 5,000
inline constexpr std::size_t kCleanWord = 4096;          // UTF-8 octets of one word
inline constexpr std::uint64_t kDocumentOctets = 8ull << 30;   // of one document's pixels, all pages together
inline constexpr std::uint64_t kConvertedOctets = 512u << 20;  // of one document in its other form
inline constexpr std::uint64_t kContentOctets = 1u << 30;      // of all parts that one answer passes on
inline constexpr std::uint64_t kItemWritten = 256u
                                              << 20;  // clean files of one item: in base64 they fit a bundle
inline constexpr std::uint64_t kFileWritten = 1u << 30;    // of one file by hand, which no bundle carries
inline constexpr std::uint64_t kDocumentText = 32u << 20;  // of one document; 3,000 pages have 10 MB
inline constexpr std::uint32_t kItemSteps = 15;  // times documents.seconds: all sandboxes of an item's files
inline constexpr std::uint64_t kInkLooks = 32;   // times a page's pixels: what is looked at under its words
inline constexpr unsigned kItemFaults = 8;       // unforeseen failures of ours with one item; then it is held

// ---- pictures ----
inline constexpr std::uint32_t kImageSide =
    200000;  // stored pixels; a JPEG has at most 65,535, a fax roll more
inline constexpr std::uint64_t kImageSourcePixels = 256u
                                                    << 20;  // read row by row: A0 at 400 dpi has 248 million
inline constexpr std::uint64_t kImageWholePixels = 110'000'000;  // held at once: a phone makes 108 million
inline constexpr std::uint64_t kImagePixels = 15'000'000;        // of one page; A4 at 300 dpi has 9 million
inline constexpr std::size_t kImageLibraryBytes = 700u
                                                  << 20;  // what libjpeg or libtiff may allocate by itself
inline constexpr std::size_t kImageExifEntries = 512;     // of one directory; cameras write 20
inline constexpr std::uint32_t kImagePages = kDocumentPages;  // directories of a TIFF that are followed
inline constexpr std::uint32_t kTiffLostRows = 20000;  // of one page that may stay white; then its rest does
inline constexpr std::size_t kImageChunks = 200000;    // of a PNG or WebP; IDAT of 8 KiB in a large one
inline constexpr std::size_t kImageIcons = 256;        // sizes in one icon; programs have 12
inline constexpr std::uint64_t kJpegScans = 500;       // of a progressive picture; encoders write 10
inline constexpr std::uint64_t kJpegScansFree = 20;    // that are always read
inline constexpr std::uint64_t kJpegScanPixels = 3ull << 29;  // pixels times scans: some 10 seconds

inline constexpr std::uint32_t kScanSeconds = 120;  // for clamd's answer about one part; its own default
inline constexpr std::size_t kScanAnswer = 4096;    // octets of that answer
inline constexpr std::size_t kScanName = 128;       // of a signature's name

// ---- PDF documents, in the sandbox ----
inline constexpr int kPdfCrispObjects =
    200000;  // of one page looked at to draw it crisply; a dense one has 20,000
inline constexpr std::uint32_t kPdfPagePixels = 15'000'000;  // of one page; A2 at 150 dpi has 8.7 million
inline constexpr int kPdfCharacters = 200000;        // of one page that are read; a dense sheet has 15,000
inline constexpr int kPdfAnnotations = 1000;         // of one page that are looked at, for a note
inline constexpr int kPdfMissingPages = 100;         // pages in a row that are not there: the rest is a lie
inline constexpr std::size_t kPdfTitle = 64u << 10;  // UTF-16 octets; a longer one is none
inline constexpr std::size_t kFontFiles = 20000;     // looked at below the font folders

// ---- archives, in the sandbox ----
inline constexpr std::size_t kArchiveEntries = kMailParts - 1;  // files; the first part is the archive itself
inline constexpr std::size_t kArchiveMembers = 20000;           // files and folders; a source tree has 5,000
inline constexpr std::size_t kArchiveEntryOctets = 512u
                                                   << 20;  // of one file unpacked; held whole to be looked at
inline constexpr std::uint64_t kArchiveExpanded = kContentOctets;  // of all files together
inline constexpr std::size_t kArchiveKept = 64u << 20;  // unpacked once only; more are unpacked a second time
inline constexpr std::size_t kArchivePathDepth = 64;  // folders above a file; Windows ends at 260 characters
inline constexpr std::size_t kArchiveNameOctets = 4096;  // of a stored name: PATH_MAX
inline constexpr std::size_t kArchiveSlack =
    1024;  // octets of a ZIP that belong to nothing: line ends, marks
inline constexpr std::size_t kArchiveLzhHeaders =
    256;                                               // extended headers of one LZH entry; real ones have 10
inline constexpr std::size_t kArchiveKeyTries = 1024;  // passwords tried in all; one takes 3 ms

// ---- the bundle ----
inline constexpr std::size_t kBundleContent = 512u << 20;  // one clean mail
inline constexpr std::size_t kBundleRecipients = 1000;     // as kSmtpRecipients
inline constexpr std::size_t kDsnEnvid = kSmtpEnvid;
inline constexpr std::size_t kDsnOrcpt = 1500;  // RFC 6533: UTF-8 as \x{80} takes three times kSmtpOrcpt
inline constexpr std::size_t kTransferFrame = kBundleContent + (4u << 20);  // one bundle with its envelope
inline constexpr std::size_t kWayBackFrame = 4096;        // the narrow way back has small messages only
inline constexpr std::size_t kGateBatch = 256;            // bundles and results of one commit of the gate
inline constexpr std::size_t kGateBatchBytes = 8u << 20;  // … and their content, but for the last one

// ---- the wire between two hosts (service/zone) ----
inline constexpr std::size_t kZoneHandshakes = 64;           // unfinished ones at once; one peer needs one
inline constexpr std::uint32_t kZoneHandshakeMs = 10'000;    // of one, from the connection on
inline constexpr std::size_t kZoneAccepted = 64;             // connections taken in one turn of the thread
inline constexpr std::size_t kZoneCertificates = 16u << 10;  // octets of a peer's chain; ours has one of 700
inline constexpr std::size_t kZoneBuffer = 256u << 10;       // octets on their way, each direction
inline constexpr std::size_t kZoneBackSecond = 4u << 20;  // octets a second the Internet side reads: 20,000
                                                          // messages are a quarter of it
inline constexpr std::uint32_t kZoneToldMinute = 20;      // refused peers told in the log in a minute
inline constexpr std::uint32_t kZonePauseMs = 5000;       // longest pause before it is tried again
inline constexpr std::size_t kZonePeers = 32;  // hosts of the other side at once; a prefecture has a dozen

// ---- a file of the drop box, as it crosses (octets of UTF-8: a character takes up to four) ----
inline constexpr std::size_t kCrossingFiles = 500;       // of one submission, as openapi.yaml says
inline constexpr std::size_t kCrossingRecipients = 50;   // of one submission, as openapi.yaml says
inline constexpr std::size_t kCrossingTitle = 800;       // 200 characters in openapi.yaml
inline constexpr std::size_t kCrossingMessage = 16000;   // 4000 characters in openapi.yaml
inline constexpr std::size_t kCrossingImportance = 160;  // 40 characters in openapi.yaml
inline constexpr std::size_t kCrossingPerson = 400;      // a name for people
inline constexpr std::size_t kCrossingFileName = 1024;   // of a file as it was sent, as kCleanName
inline constexpr std::size_t kCrossingApprovals = 64;    // rules that ask for one approval
inline constexpr std::size_t kCrossingRuleName = 200;    // of such a rule, as kConfigLine
inline constexpr std::size_t kConfigUrl = 2000;  // of a database: hosts, certificates and options stand in it
inline constexpr std::size_t kCrossingCleanFiles = 4000;  // of one file: an archive's entries, pictures
inline constexpr std::size_t kCrossingFindings = 200;     // of one file; there are fewer kinds
inline constexpr std::size_t kIntakeFrame = 1024;         // edge and cleaner: findings are the most of it
inline constexpr std::uint32_t kDropToldMs = 1000;        // between two words about one file's pages
inline constexpr std::size_t kMyNumberNear = 120;         // octets behind 個人番号 where its digits stand
inline constexpr std::size_t kMyNumberText = 32u << 20;   // octets looked through, as kDocumentText

// ---- clean mail, as the gate accepts it ----
inline constexpr std::size_t kCleanMailLine = 998;  // RFC 5322 section 2.1.1, without CRLF
inline constexpr std::size_t kCleanMailHeader =
    256u << 10;  // 1000 recipients in To and Cc; real ones stay below 20 KB
inline constexpr std::size_t kCleanMailParts = 1000;  // more text attachments than any sender means
inline constexpr std::size_t kCleanMailSubject =
    4096;  // UTF-8 octets shown of a subject; longer ones are attacks
inline constexpr std::size_t kCleanMailDisplayName = 512;  // UTF-8 octets shown of a display name
inline constexpr std::size_t kCleanMailAddressList =
    32u << 10;  // of one written address field; five of them fit a header
inline constexpr std::size_t kCleanMailReferences = 16u << 10;  // of written References: some 200 message ids
inline constexpr std::size_t kCleanFileName = 200;  // UTF-8 octets with extension; file systems allow 255
inline constexpr std::size_t kCombiningMarks = 8;   // in a row; Thai and Vietnamese need 3
inline constexpr std::size_t kCleanZipDepth = 8;    // folders above a file in a clean ZIP
inline constexpr std::size_t kBodyTextShown = 512u
                                              << 10;  // a longer body is cut and travels as an attachment too

// ---- clean documents, as the composer writes them ----
inline constexpr std::size_t kPageRegions =
    32;  // pictures cut out of one page; smaller ones stay in the rest
inline constexpr std::size_t kPageRepeats =
    4096;  // images of a document that are known again: 40 octets each

// ---- clean documents, as the gate accepts them ----
inline constexpr std::size_t kPageImages = 1000;  // shown on one page; the composer cuts out far fewer
inline constexpr std::uint64_t kPageShown =
    4 * kPagePixels;  // drawn on one page, an image each time: two layers are real, a thousand stop a reader
inline constexpr std::size_t kPageContent =
    128u << 20;                                   // inflated, of one page; a frame full of words takes 75 MB
inline constexpr std::size_t kCleanTitle = 1024;  // UTF-8 octets of a document's title
inline constexpr std::size_t kToUnicode = 256u << 10;   // inflated; 6400 characters take 150 KB
inline constexpr std::size_t kCleanZipEntries = 65534;  // without zip64 there are no more
inline constexpr std::uint64_t kCleanInflated =
    2 * kDocumentOctets;  // of one file with all that is in it: the pixels in two layers, and the words

// ---- sanitizer jobs ----
inline constexpr std::uint32_t kMailJobCpuSeconds = 20;    // a hundred times what the largest real mail takes
inline constexpr std::uint64_t kMailJobMemory = 1u << 30;  // address space; a 100 MB mail is mapped once
inline constexpr std::uint32_t kMailJobWallMs =
    30000;                                        // default of cleaner.mail_seconds: CPU and a busy machine
inline constexpr std::size_t kJobPasswords = 64;  // tried on one part; more is an attack on our time
inline constexpr std::size_t kJobPassword = 128;  // UTF-8 octets of one
inline constexpr std::uint16_t kDpiMin = 72, kDpiMax = 300;  // of a rendering
inline constexpr std::uint16_t kCompactDpi = 300;            // … in black and white, as a fine fax has it
inline constexpr unsigned kJobAttempts = 2;                  // the second death holds the item
inline constexpr std::uint64_t kPdfJobMemory = 1u << 30;     // address space; fonts are mapped in it
inline constexpr std::uint64_t kImageJobMemory =
    1u << 30;  // two pictures of 40 million pixels, and their decoder
inline constexpr std::uint64_t kOfficeJobMemory = 2ull << 30;  // LibreOffice maps 700 MB before it begins
inline constexpr std::uint64_t kArchiveJobMemory = 1u << 30;   // dictionaries of 7z and xz take up to 600 MB
inline constexpr std::uint32_t kJobStack = 8u << 20;           // Debian's own default
inline constexpr std::size_t kZygoteJobs = 256;  // children of one zygote at once; the pool waits beyond
inline constexpr std::size_t kJobDatagram = 16u
                                            << 10;  // octets of a request with its passwords, or of a reply
inline constexpr std::uint32_t kZygoteStartMs = 30000;  // warm-up and confinement, then it is taken for stuck
inline constexpr std::uint32_t kZygotePauseFirstMs = 100;  // before a dead zygote is started again; doubles
inline constexpr std::uint32_t kZygotePauseMaxMs = 30000;
inline constexpr std::uint32_t kZygoteSoundMs = 10000;  // lived that long: the next pause is the first again
inline constexpr std::uint32_t kZygoteKillMs = 10000;   // to answer a kill, then it is taken for stuck
inline constexpr std::uint32_t kAfterwordMs = 200;      // after End: the second opinion has this long to come
inline constexpr std::uint32_t kExitReportMs = 1000;    // after the end of an answer: how the child ended

// ---- passwords that mails bring ----
inline constexpr std::size_t kPasswordWords = 32;  // of one mail: half of what a part is tried with
inline constexpr std::size_t kPasswordWordMin = 4, kPasswordWordMax = 64;  // octets; shorter is no password
inline constexpr std::size_t kPasswordText = 64u << 10;  // octets of a body that are looked through
inline constexpr std::size_t kPasswordKeys = 200;        // key words of one mail; a long thread has dozens
inline constexpr std::size_t kPasswordTokens = 40;  // words looked at behind a key word, and of a line below
inline constexpr unsigned kPasswordLines = 6;       // full lines below a key word that belong to it
inline constexpr std::size_t kPasswordMail = 1500;  // characters of a mail so short that any word counts
inline constexpr std::size_t kPasswordMailLines = 40;    // and its full lines, a long signature among them
inline constexpr std::int64_t kPasswordMs = 86'400'000;  // remembered so long; the second mail comes at once
inline constexpr std::size_t kPasswordMails = 8;  // with passwords, remembered of a sender and recipient
inline constexpr std::size_t kPasswordMailsAll = 50000;  // of everybody; one takes up to 3 KB
inline constexpr std::size_t kPasswordPeople = 100;  // recipients of a mail whose passwords are remembered
inline constexpr std::size_t kPasswordsRemembered = 24;  // of other mails, tried on one part
inline constexpr unsigned kUnlockTries = 16;     // of one item by itself; more is somebody who plays with us
inline constexpr std::size_t kUnlockItems = 50;  // queued at once; the others follow when they are done
inline constexpr std::size_t kUnlockPasswords = 24;  // that an operator may give at once
inline constexpr std::size_t kLockedPlaces = 1000;   // files of an item that wait for a password

// ---- office documents, in the sandbox ----
inline constexpr std::uint64_t kOfficeFile =
    512u << 20;  // one file of a job's /tmp: the input, the intermediate PDF
inline constexpr std::uint64_t kOfficeThreads = 2048;  // of all jobs of a zygote: 8 for each of kZygoteJobs
inline constexpr std::uint64_t kOfficeOpen = 128;      // descriptors of a job; 40 were seen
inline constexpr std::size_t kOfficeFolders = 64;      // that the engine has in /tmp once it has started: two
inline constexpr std::uint32_t kOfficeJobs = 300;   // then a fresh engine: all jobs share one memory layout
inline constexpr std::uint32_t kSheetPages = 1000;  // a workbook that prints on more is fitted to the width
inline constexpr std::size_t kOfficeCodePieces =
    256;  // of code that the engine writes while it starts; 14 were seen
inline constexpr std::int64_t kSheetCells =
    50'000'000;  // of a used area; a million rows of 40 columns are real
inline constexpr std::int32_t kSheetCutRows = 20000, kSheetCutColumns = 256;  // printed of a larger one
inline constexpr std::size_t kOfficeEntries = 20000;  // of a package whose names are looked at
inline constexpr std::size_t kOfficeRelations = 1u
                                                << 20;  // octets of one list of relations that are looked at
inline constexpr std::size_t kOfficeRelationLists = 2000;     // of them in a package
inline constexpr std::size_t kOfficeContentScan = 16u << 20;  // octets of an ODF's text that are looked at
inline constexpr std::size_t kTableColumns =
    1024;  // of a CSV file; more are read, but numbers in them change
inline constexpr std::size_t kTableRows = 1u << 20;   // of a sheet
inline constexpr std::size_t kOfficeObjects = 10000;  // sheets, slides, notes looked at for what is hidden
inline constexpr std::size_t kOfficeParagraphs = 200000;  // of a text, asked for hidden words: 15 µs each
inline constexpr unsigned kOfficeTables = 8;              // within each other, for the same

// ---- the log of originals ----
inline constexpr std::uint64_t kOriginalSegment = 64u << 20;  // octets of one file; freed as a whole
inline constexpr std::size_t kOriginalBuffer =
    256u << 10;  // of one item in memory; what is larger goes out in chunks
inline constexpr std::size_t kOriginalRecord =
    8u << 20;  // one record; 1000 recipients and 4096 chunks take 3 MB
inline constexpr std::size_t kOriginalQueue =
    8u << 20;  // of chunks that wait for the writer; then append() waits
inline constexpr std::size_t kOriginalBatch = 4u << 20;  // of records gathered for one write
inline constexpr std::size_t kOriginalKeys = 64;         // opened segment keys a reader remembers
inline constexpr std::uint32_t kOriginalTakenMs = 1000;  // between two writes of what the cleaner has taken

// ---- accounts ----
inline constexpr std::size_t kAccountText = 254;       // octets of a login, name, mail, tenant, department
inline constexpr std::size_t kPasswordOctets = 1024;   // longer ones only cost; a sentence has 100
inline constexpr unsigned kPasswordHashings = 2;       // at once: argon2id takes 64 MB each
inline constexpr unsigned kDirectoryQuestions = 4;     // sign-ins at once that ask LDAP
inline constexpr std::uint32_t kSignInWaitMs = 3000;   // for a turn at either; then "come again"
inline constexpr std::uint32_t kDirectoryMs = 5000;    // for all that one sign-in asks of LDAP
inline constexpr std::size_t kDirectoryGroups = 64;    // each is a question at every sign-in
inline constexpr std::size_t kDirectoryValues = 2000;  // memberships of one person that are looked at
inline constexpr std::uint32_t kClientTries = 20;  // times the tries of a login: an office has one address
inline constexpr std::size_t kTriesKept = 50000;   // logins and addresses that went wrong; 100 octets each
inline constexpr std::int64_t kSignInStepMs = 600'000;     // from the password to the last step of signing in
inline constexpr std::int64_t kFreshPasswordMs = 300'000;  // so new that a second factor may be exchanged
inline constexpr std::size_t kAccountSessions = 20;        // of one account; the oldest one ends
inline constexpr std::size_t kProgramTokens = 20;          // of one account
inline constexpr std::size_t kRecoveryCodes = 10;
inline constexpr std::size_t kAccountsAsked = 200;        // read from the store at once for a listing
inline constexpr std::size_t kApprovers = 200;            // of one department
inline constexpr std::size_t kDepartmentDepth = 16;       // 局/部/課/係 is four
inline constexpr std::size_t kAccountList = 768u << 10;   // octets of a CSV file of accounts: 8,000 people
inline constexpr std::size_t kAccountListMistakes = 100;  // told at once
inline constexpr std::size_t kAccountListPasswords =
    1000;                                     // of one list: two minutes of argon2id; an asker waits for five
inline constexpr std::size_t kQrText = 1024;  // octets of a QR code's text; a 2-inch one is legible

// ---- HTTP: the drop box, the pick-up ----
inline constexpr std::size_t kHttpHeaderBytes =
    16u << 10;  // request line and fields; cookies of other programs on the host among them
inline constexpr std::size_t kHttpFields = 100;   // of one request; browsers send 20
inline constexpr std::size_t kHttpTarget = 4096;  // a search of 200 characters, percent-encoded, takes 2400
inline constexpr std::size_t kHttpMethod = 16;    // the longest registered one has 17, and we have five
inline constexpr std::size_t kHttpSegments = 32;  // of a path; our deepest route has six
inline constexpr std::size_t kHttpQueryFields = 32;  // names in a query; ours have three
inline constexpr std::size_t kHttpCookies = 64;      // of one request; further ones are not looked at
inline constexpr std::size_t kHttpRequests =
    10000;  // of one connection, then a new one: its address is counted again
inline constexpr std::size_t kHttpChunkLine = 18;       // 16 hexadecimal digits and CRLF; no extensions
inline constexpr std::size_t kHttpBuffer = 256u << 10;  // of one read or write of long content
inline constexpr std::size_t kHttpDrain =
    64u << 10;  // of an unread body that is read to its end, so that the connection goes on
inline constexpr std::size_t kHttpLinger = 64u
                                           << 20;     // read and dropped after the last answer, so it arrives
inline constexpr std::uint32_t kHttpLingerMs = 2000;  // … for so long at most
inline constexpr std::size_t kHttpStack = 512u << 10;  // of a connection's thread; only what is used is there
inline constexpr std::uint32_t kHttpStopSeconds =
    5;  // for requests in hand when the server stops; a role has ten in all
inline constexpr std::size_t kJsonBytes =
    1u << 20;  // of a request's JSON: 500 files with long passwords take 500 KB
inline constexpr std::size_t kJsonDepth = 16;      // arrays and objects within each other; ours have three
inline constexpr std::size_t kJsonValues = 10000;  // of one request; a submission of 500 files has 1600
inline constexpr std::size_t kJsonFaults = 20;     // fields named in an answer; then it is clear
inline constexpr std::size_t kWebFiles = 1000;     // of the front end; a build has 50
inline constexpr std::size_t kWebDepth = 4;        // folders within each other
inline constexpr std::size_t kWebFileBytes = 8u << 20;   // of one; fonts are the largest
inline constexpr std::size_t kWebAllBytes = 64u << 20;   // of all: they are kept in memory
inline constexpr std::size_t kSessionTokenLength = 256;  // of a cookie or bearer token; ours have below 100

// ---- the drop box ----
inline constexpr std::uint64_t kDropFileBytes = kMessageBytes;  // ceiling over edge.drop_box.file_bytes_max
inline constexpr std::size_t kDropFiles = 500;                  // of one submission, as openapi.yaml says
inline constexpr std::size_t kDropRecipients = 50;              // of one submission
inline constexpr std::size_t kDropTitle = 200;                  // characters
inline constexpr std::size_t kDropMessage = 4000;               // characters
inline constexpr std::size_t kDropImportance = 40;              // characters
inline constexpr std::size_t kDropPassword = 128;               // octets, as kJobPassword
inline constexpr std::size_t kDropFileName = 1000;  // octets of a name with its folders; Windows ends at 260
inline constexpr std::size_t kDropMetadata =
    4096;  // octets of Upload-Metadata: such a name in base64, and more
inline constexpr std::size_t kDropMetadataKeys = 16;             // clients send two or three
inline constexpr std::size_t kDropKeyMin = 8, kDropKeyMax = 64;  // octets of an Idempotency-Key
inline constexpr std::size_t kDropUploadsOpen =
    1000;  // of one account, not sent yet: twice a large submission
inline constexpr std::size_t kDropUploadsDay = 5000;  // begun by one account in 24 hours; each is an inode
inline constexpr std::size_t kDropSubmissionsDay = 2000;  // of one account in 24 hours; a program's share
inline constexpr std::size_t kDropTransfers = 150;        // PATCH at once: kHttpBuffer of memory each
inline constexpr std::size_t kDropTransfersEach = 60;     // … of one account, so that others have a turn
inline constexpr std::uint64_t kDropDurable = 64u << 20;  // received between two fsyncs of one upload
inline constexpr std::uint64_t kDropFlush = 4u << 20;  // … and handed to the disk, so that these are short
inline constexpr std::size_t kDropSendings = 4;        // submissions copied into the log of originals at once
inline constexpr std::uint32_t kDropWaitMs = 60000;    // of a request for its turn at that, or for its twin
inline constexpr std::size_t kDropListed = 2000;       // files in one page of the history; 300 octets each
inline constexpr std::size_t kDropStatesHeard =
    20000;                                      // that wait to be written down; the cleaner says them again
inline constexpr std::size_t kDropSweep = 500;  // rows looked at in one turn of the housekeeping

// ---- invitations to the drop box ----
inline constexpr std::size_t kInvitationsOpen = 200;            // of one inviter at once; each sends a mail
inline constexpr std::size_t kInvitationsListed = 200;          // in one answer
inline constexpr std::int64_t kInvitationCodes = 5;             // sent for one invitation within an hour
inline constexpr std::int64_t kInvitationTries = 5;             // of one code of six digits
inline constexpr std::uint32_t kInvitationCodeMs = 10 * 60000;  // how long a code counts
inline constexpr std::size_t kLetters = 20;                     // sent in one turn
inline constexpr std::size_t kInvitationMessage = 1000;         // characters

// ---- picking up ----
inline constexpr std::size_t kPickUpFound = 100;      // deliveries in one answer, as openapi.yaml says
inline constexpr std::size_t kPickUpListed = 5000;    // files in one listing; the next page has the others
inline constexpr std::size_t kPickUpWaiting = 20000;  // deliveries looked through for one approver
inline constexpr std::size_t kPickUpRequest = 16u << 10;  // octets of a request: a comment of 1000 characters
inline constexpr std::size_t kPickUpComment = 1000;       // characters
inline constexpr std::size_t kPickUpQuery = 200;          // characters that are searched for
inline constexpr std::size_t kPickUpChoices = 500;        // people whom an approver may name in his place
inline constexpr std::size_t kPickUpRound = 100;          // deliveries looked after in one turn
inline constexpr std::size_t kPickUpParts = 4 * kCrossingFiles;  // items and their releases of one delivery
inline constexpr std::int64_t kPickUpGatherMs = 600'000;  // for the last file to come before mails go out
inline constexpr std::int64_t kPickUpLookMs = 300'000;    // between two looks at who may decide by now
inline constexpr std::uint32_t kApprovalHours = 8;  // of business; then the next level up may decide too

// ---- page pictures: a safe look at what is clean, or held and only to be viewed ----
inline constexpr std::uint32_t kPreviewPages = 20;       // of one file, kept for its sender's page
inline constexpr std::uint32_t kPreviewSide = 1000;      // pixels of the longer side: an A4 page can be read
inline constexpr std::uint32_t kViewPages = 200;         // of a held file that may only be viewed
inline constexpr std::uint32_t kViewSide = 1600;         // pixels: 10-point letters are sharp
inline constexpr std::size_t kPictureOctets = 8u << 20;  // of one PNG; RGB noise of kViewSide stays below
inline constexpr std::size_t kPicturesAsked = 32;        // by edge at once; a page shows a few
inline constexpr std::uint32_t kPictureWaitMs = 10'000;  // of a browser for one
inline constexpr std::uint64_t kPreviewOctets = 32u << 20;  // of one file's previews together

// ---- watched folders ----
inline constexpr std::size_t kFolderEntries = 20'000;  // looked at in one turn; the others have the next one
inline constexpr std::size_t kFolderDepth = 8;         // folders within each other
inline constexpr std::size_t kFolderName = 1000;       // octets of a path below the folder, as kDropFileName
inline constexpr std::uint32_t kFolderTurnMs = 1000;   // between two turns: shares tell nothing of changes
inline constexpr std::size_t kFolderAtOnce = 64;  // files, or kDropDurable octets, that share their fsyncs
inline constexpr std::size_t kFolderKnown = 100'000;  // files that wait or were refused; beyond none is taken
inline constexpr std::size_t kFolderReportBytes = 1u << 20;  // of one JSON report

// ---- tenants ----
inline constexpr std::size_t kTenants = 500;        // a prefecture has at most 179 municipalities (Hokkaido)
inline constexpr std::size_t kOrganisations = 100;  // of one tenant

// ---- quarantine review ----
inline constexpr std::size_t kReviewListed = 200;        // items in one answer
inline constexpr std::size_t kReviewBulk = 200;          // items decided by one request
inline constexpr std::size_t kReviewQuery = 200;         // characters that are searched for
inline constexpr std::size_t kReviewTerms = 16;          // words of a search; more are not looked at
inline constexpr std::size_t kReviewReason = 1000;       // characters of why something was decided
inline constexpr std::size_t kReviewCall = 256u << 10;   // octets of one call from console to cleaner
inline constexpr std::size_t kReviewReply = 64u << 20;   // octets of one answer: a monthly report
inline constexpr unsigned kReviewCalls = 32;             // answered at once
inline constexpr std::uint32_t kReviewWaitMs = 30'000;   // of a browser for one answer
inline constexpr std::size_t kReviewHistory = 500;       // audit entries of one item that are shown
inline constexpr std::size_t kReviewOpen = 20'000;       // requests and proposals that wait at once
inline constexpr std::size_t kReviewIndexBatch = 500;    // items written to the search index at once
inline constexpr std::size_t kReviewIndexText = 4000;    // characters of one item that can be searched for
inline constexpr std::uint32_t kLookPages = 20;          // pictures of one part on the review page
inline constexpr std::uint32_t kLookSide = 1000;         // pixels of the longer side, as kPreviewSide
inline constexpr std::size_t kLookParts = 50;            // parts of one item that are rendered for it
inline constexpr std::uint64_t kLooksKept = 512u << 20;  // octets of such pictures on the disk; the oldest go
inline constexpr std::size_t kAllowances = 10'000;       // that stand at once
inline constexpr std::size_t kDoorParts = 50;            // held parts that one page of a recipient names
inline constexpr std::size_t kDoorsOpen = 1'000'000;     // links that are good, at the gate
inline constexpr std::size_t kDoorToken = 16;            // octets: 128 random bits
inline constexpr std::uint32_t kDoorTries = 20;          // calls of one address in a minute at a door
inline constexpr std::uint32_t kDoorBackMinute = 600;    // requests and passwords a minute that cross back
inline constexpr std::size_t kDigestItems = 100;         // named in one digest; the others are counted
inline constexpr std::size_t kTemplateBytes = 16u << 10;  // of one file of words
inline constexpr std::size_t kAuditListed = 500;          // entries in one answer
inline constexpr std::size_t kSealedOriginal = 64u
                                               << 20;  // octets of an original that may be released sealed

// ---- metrics ----
inline constexpr std::size_t kSightText = 512u << 10;  // octets one role says of itself; it says about 30 KB
inline constexpr std::size_t kSightLine = 2000;        // octets of one line of it
inline constexpr std::size_t kSightLines = 8000;       // lines of it; a role has some hundred
inline constexpr std::size_t kSightLabels = 8;         // of one sample; ours have three
inline constexpr std::uint32_t kSightWaitMs = 2000;    // of one scrape for all roles; Prometheus waits 10 s
inline constexpr std::uint32_t kSightFreshMs =
    250;  // one asking of the roles serves all who scrape within it
inline constexpr std::uint32_t kSightHouseMs =
    5000;  // between two counts in a database, however often scraped
inline constexpr std::uint32_t kSightConnections = 32;  // of scrapers and load balancers at once
inline constexpr std::size_t kSightFiles =
    20'000;  // of one folder that are summed up; segments are some hundred

// ---- backups ----
inline constexpr std::size_t kBackupBlock = 64u << 10;     // octets that one authenticated block holds
inline constexpr std::size_t kBackupPath = 1024;           // octets of a file's path within its role's folder
inline constexpr std::size_t kBackupDepth = 8;             // folders within each other; ours are three deep
inline constexpr std::size_t kBackupFiles = 400'000;       // of one role: each is open while it is copied
inline constexpr std::uint64_t kBackupLog = 1u << 30;      // octets of a write-ahead log held in memory
inline constexpr std::uint32_t kBackupLockMs = 60'000;     // of waiting for a database's writer
inline constexpr std::size_t kBackupSettings = 16u << 20;  // octets of the configuration and what it names
inline constexpr std::uint32_t kCheckWaitMs = 5000;        // of `kiyome check --live` for one answer
inline constexpr std::size_t kCheckAnswer = 4096;          // octets of a greeting that it reads

// ---- configuration and log ----
inline constexpr std::size_t kConfigBytes = 4u << 20;  // of the file; thousands of rules fit
inline constexpr std::size_t kConfigLine = 200;        // octets of a value that a person reads
inline constexpr std::size_t kLogValue = 1024;         // octets of one value in a log line; the rest is cut

}  // namespace kiyome::limits
