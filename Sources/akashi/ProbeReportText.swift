import CloudCore

/// What a run of the isolation probe found, for a terminal.
struct ProbeReportText {
    private let probe: JSON
    private let pairs: [JSON]
    /// In the order of the matrix.
    private let networks: [String]

    init(_ probe: JSON) {
        self.probe = probe
        pairs = probe["pairs"]?.array ?? []
        networks = Set(pairs.flatMap { [Self.word($0, "from_network"), Self.word($0, "to_network")] }).sorted()
    }

    private static func word(_ pair: JSON, _ name: String) -> String { pair[name]?.string ?? "" }

    var text: String {
        let verdict = probe["verdict"]?.string ?? ""
        let count = { (name: String) in probe[name]?.integer ?? 0 }
        var lines = [
            "Isolation probe \(probe["id"]?.string ?? "") \(probe["started_at"]?.string ?? "") to "
                + "\(probe["finished_at"]?.string ?? "")", "",
        ]
        lines += legend + [""] + matrix + [""]
        lines += pairs.filter { $0["verdict"] == "crossed" }.map(crossing)
        for why in Set(pairs.filter { $0["verdict"] == "not_tried" }.map { Self.word($0, "why") }).sorted() {
            lines.append("NOT TRIED  \(why)")
        }
        if let cause = probe["cause"]?.string, !cause.isEmpty { lines.append("NOT TRIED  \(cause)") }
        let frames = pairs.flatMap { $0["attempts"]?.array ?? [] }.reduce(0) { $0 + ($1["sent"]?.integer ?? 0) }
        let ways = Set(pairs.flatMap { $0["attempts"]?.array ?? [] }.compactMap { $0["name"]?.string })
        lines.append(
            "\(verdict.uppercased().replacing("_", with: " ")): \(count("pairs_total")) pairs, "
                + "\(count("pairs_crossed")) crossed, \(count("pairs_not_tried")) not tried; "
                + "\(frames) frames in \(ways.count) ways")
        return lines.joined(separator: "\n")
    }

    private var legend: [String] {
        var owners: [String: String] = [:]
        for pair in pairs { owners[Self.word(pair, "from_network")] = Self.word(pair, "from_project") }
        return networks.enumerated().map { place, network in
            let owner = owners[network] ?? ""
            return "\(pad(String(place + 1), 3))  network \(network)  "
                + (owner.isEmpty ? "of the probe's own" : "of project \(owner)")
        }
    }

    /// Rows try to reach columns. Milliseconds: how long was listened, or until it was heard.
    private var matrix: [String] {
        let width = 11
        var found: [String: JSON] = [:]
        for pair in pairs { found[Self.word(pair, "from_network") + " " + Self.word(pair, "to_network")] = pair }
        let head = networks.indices.map { pad("to \($0 + 1)", width) }.joined()
        return ["    " + head]
            + networks.enumerated().map { place, from in
                pad(String(place + 1), 3) + " "
                    + networks.map { pad(cell(found[from + " " + $0]), width) }.joined()
            }
    }

    private func cell(_ pair: JSON?) -> String {
        guard let pair else { return "-" }
        let attempts = pair["attempts"]?.array ?? []
        switch pair["verdict"] {
        case "blocked": return "ok \(attempts.compactMap { $0["ms"]?.integer }.max() ?? 0) ms"
        case "crossed":
            let first = attempts.filter { $0["verdict"] == "crossed" }.compactMap { $0["ms"]?.integer }.min()
            return "X \(first ?? 0) ms"
        default: return "?"
        }
    }

    private func crossing(_ pair: JSON) -> String {
        let ways = (pair["attempts"]?.array ?? []).filter { $0["verdict"] == "crossed" }.map {
            "\(Self.word($0, "name")) (\($0["heard"]?.integer ?? 0) heard after \($0["ms"]?.integer ?? 0) ms)"
        }
        return "CROSSED  \(Self.word(pair, "from_network")) -> \(Self.word(pair, "to_network")): "
            + ways.joined(separator: ", ") + " " + Self.word(pair, "why")
    }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
