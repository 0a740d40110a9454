import Foundation
import Testing

/// The house rules that a machine can hold, over every Swift source that git tracks. Each says why it is one.
@Suite("House rules")
struct StyleTests {
    struct Source: Sendable {
        let path: String
        let lines: [String]
        /// `CloudWire` in `Kernel/Sources/CloudWire/API.swift`; empty outside of Sources.
        let module: String
        let isTest: Bool
    }

    static let sources: [Source] = {
        var root = URL(fileURLWithPath: #filePath)
        while root.path != "/", !FileManager.default.fileExists(atPath: root.appendingPathComponent(".git").path) {
            root.deleteLastPathComponent()
        }
        let git = Process()
        git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        git.arguments = [
            "git", "-c", "safe.directory=*", "-C", root.path, "ls-files", "--cached", "--others", "--exclude-standard",
            "--", "*.swift",
        ]
        let pipe = Pipe()
        git.standardOutput = pipe
        guard (try? git.run()) != nil else { return [] }
        let listed = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        git.waitUntilExit()
        return listed.split(separator: "\n").compactMap { path in
            guard let text = try? String(contentsOf: root.appendingPathComponent(String(path)), encoding: .utf8) else {
                return nil
            }
            let parts = path.split(separator: "/")
            let place = parts.firstIndex(of: "Sources")
            let module = place.flatMap { $0 + 1 < parts.count - 1 ? String(parts[$0 + 1]) : nil } ?? ""
            return Source(
                path: String(path), lines: text.components(separatedBy: "\n"), module: module,
                isTest: parts.contains("Tests"))
        }
    }()
    static var product: [Source] { sources.filter { !$0.isTest && !$0.module.isEmpty } }

    private func report(_ found: [String], _ rule: Comment) {
        #expect(found.isEmpty, "\(rule):\n\(found.joined(separator: "\n"))")
    }

    /// The part of a line that is code: no comment, no text between quotation marks.
    private static func code(_ line: String) -> String {
        var out = ""
        var isQuoted = false
        var last: Character = " "
        for character in line {
            if character == "\"", last != "\\" { isQuoted.toggle() }
            if !isQuoted {
                if character == "/", last == "/" { return String(out.dropLast()) }
                out.append(character)
            }
            last = character
        }
        return out
    }

    @Test("there is something to look at")
    func found() { #expect(Self.product.count > 50) }

    /// A file that needs scrolling for its parts hides one subject behind another.
    @Test("no file is longer than 400 lines")
    func files() {
        report(Self.product.filter { $0.lines.count > 401 }.map { "\($0.path): \($0.lines.count)" }, "split by subject")
    }

    /// What does not fit on a screen is not read as a whole, and so is not checked as a whole.
    @Test("no function is longer than 70 lines")
    func functions() {
        var found: [String] = []
        for source in Self.product {
            var start: (line: Int, indent: Int)?
            for (number, line) in source.lines.enumerated() {
                let indent = line.prefix { $0 == " " }.count
                let code = Self.code(line)
                if let open = start {
                    guard indent == open.indent, line.dropFirst(indent).hasPrefix("}") else { continue }
                    if number - open.line + 1 > 70, !line.contains("{") {
                        found.append("\(source.path):\(open.line + 1): \(number - open.line + 1) lines")
                    }
                    if !line.contains("{") { start = nil }
                } else if code.contains(" func ") || code.hasPrefix("func ") || code.contains(" init(")
                    || code.contains(" init?(")
                {
                    let isWhole = code.contains("{") && code.hasSuffix("}")
                    if !isWhole, code.contains("{") || code.hasSuffix("(") { start = (number, indent) }
                }
            }
        }
        report(found, "name its parts")
    }

    /// Whoever reads a signature must learn from the line above it what units, shapes and errors there are.
    /// Exempt, because the name says all or the line stands elsewhere: cases, initialisers, what an extension offers to
    /// meet a protocol (Codable, Comparable, resource tables), and constants of one word that say their value.
    @Test("public types, and functions of the kernel's protocols, have a line that says what they are")
    func documented() {
        var found: [String] = []
        for source in Self.product where source.module != "akashi" {
            for (number, line) in source.lines.enumerated() {
                let text = line.trimmingCharacters(in: .whitespaces)
                guard text.hasPrefix("public ") else { continue }
                let words = text.split(separator: " ").map(String.init)
                guard let kind = words.first(where: { ["struct", "enum", "class", "protocol", "actor"].contains($0) }),
                    let name = words.firstIndex(of: kind).flatMap({ $0 + 1 < words.count ? words[$0 + 1] : nil }),
                    !words.contains("func"), !words.contains("var"), !words.contains("let")
                else { continue }
                // Nested choices are said by the field that holds them.
                let isNested = line.hasPrefix("    ")
                var above = number - 1
                while above >= 0, source.lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("@") { above -= 1 }
                let hasLine = above >= 0 && source.lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("///")
                if !hasLine, !isNested { found.append("\(source.path):\(number + 1): \(kind) \(name)") }
            }
        }
        report(found, "write the line")
    }

    /// A note to oneself in the source is a task that nobody sees.
    @Test("no TODO, FIXME or XXX")
    func notes() {
        report(
            grep(Self.product) { line in ["TODO", "FIXME", "XXX"].contains { line.contains($0) } },
            "do it, or write it where tasks are kept")
    }

    /// A service must not stop because one answer was not what was expected, and must not write where nobody looks.
    @Test("no try! and no print outside of the executable and the tests")
    func force() {
        let found = grep(Self.product.filter { $0.module != "akashi" }) { line in
            let code = Self.code(line)
            return code.contains("try!")
                || code.range(of: #"(^|[^A-Za-z.])print\("#, options: .regularExpression) != nil
        }
        report(found, "throw, or log")
    }

    /// Modules know what ARCHITECTURE's table says, so that one can be read, tested and replaced by itself.
    @Test("modules import only what they may")
    func imports() {
        let domains: Set = [
            "CloudIdentity", "CloudImage", "CloudNetwork", "CloudCompute", "CloudStorage", "CloudBackup",
            "CloudSecurity", "CloudTrust",
        ]
        var found: [String] = []
        for source in Self.product {
            let isKernel = source.path.hasPrefix("Kernel/")
            for (number, line) in source.lines.enumerated() {
                let words = line.trimmingCharacters(in: .whitespaces).split(separator: " ")
                guard words.first == "import" || words.dropFirst().first == "import",
                    let name = words.last.map(String.init)
                else { continue }
                func refuse(_ why: String) { found.append("\(source.path):\(number + 1): \(name): \(why)") }
                if ["Hummingbird", "HummingbirdTLS", "HummingbirdCore"].contains(name), source.module != "CloudHTTP" {
                    refuse("only CloudHTTP serves HTTP")
                }
                if name == "GRDB", source.module != "CloudSQLite" { refuse("only CloudSQLite knows SQLite") }
                // The standard library alone builds and is simulated in seconds, and stays small.
                if isKernel, name.hasPrefix("Foundation") { refuse("the kernel knows the standard library only") }
                if isKernel, !name.hasPrefix("Cloud"), !["Synchronization", "Glibc", "Musl", "Darwin"].contains(name) {
                    refuse("the kernel has no dependencies")
                }
                if source.module == "CloudCore", name.hasPrefix("Cloud") { refuse("the core knows no other") }
                if source.module == "CloudEngine", !["CloudCore", "CloudStore", "Synchronization"].contains(name) {
                    refuse("the engine knows no resource")
                }
                if domains.contains(source.module), domains.contains(name) {
                    refuse("domains know each other by small protocols only")
                }
                if source.module != "CloudSim", !source.isTest, name == "CloudSim", source.module != "akashi" {
                    refuse("the simulation is for tests")
                }
            }
        }
        report(found, "ARCHITECTURE.md, Modules")
    }

    private func grep(_ sources: [Source], _ isFound: (String) -> Bool) -> [String] {
        sources.flatMap { source in
            source.lines.enumerated().filter { isFound($0.element) }.map {
                "\(source.path):\($0.offset + 1): \($0.element.trimmingCharacters(in: .whitespaces).prefix(90))"
            }
        }
    }
}
