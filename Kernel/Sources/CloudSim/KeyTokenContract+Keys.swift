import CloudCore
import CloudStorage

extension KeyTokenContract {
    static let keyCases = [
        Case(description: "a key that is there is left as it is, also by the next start") {
            (bench) throws(CloudError) in
            let key = KeyBench.key
            try await bench.token.ensureKey(key)
            let sealed = try await bench.token.seal(KeyBench.secret, under: key, for: "volume")
            let value = try await bench.token.checkValue(of: key)
            try await bench.token.ensureKey(key)
            try bench.expect(try await bench.token.checkValue(of: key) == value, "made twice")
            let next = try await bench.open()
            try bench.expect(try await next.keys() == [key], "the next start finds it")
            try await next.ensureKey(key)
            try bench.expect(try await next.checkValue(of: key) == value, "as it was")
            try bench.expect(
                try await next.open(sealed, under: key, for: "volume") == KeyBench.secret, "and what it sealed opens")
        },
        Case(description: "every key is listed, and known by its number") { (bench) throws(CloudError) in
            var made: Set<KeyName> = []
            var values: Set<String> = []
            try bench.expect(try await bench.token.keys().isEmpty, "none in the beginning")
            for project in ["a", "p-1", String(repeating: "f", count: 64), "9"] {
                for epoch in [1, 2, 999_999_999] {
                    let key = KeyName(project: ID(project), epoch: epoch)
                    try await bench.token.ensureKey(key)
                    made.insert(key)
                    let value = try await bench.token.checkValue(of: key)
                    try bench.expect(value.utf8.count == 16 && value.allSatisfy(\.isHexDigit), "16 digits: \(value)")
                    values.insert(value)
                }
            }
            try bench.expect(try await bench.token.keys() == made, "all that were made")
            try bench.expect(values.count == made.count, "no two alike")
            let gone = KeyName(project: ID("a"), epoch: 2)
            try await bench.token.removeKey(gone)
            try bench.expect(try await bench.token.keys() == made.subtracting([gone]), "but what was removed")
        },
        Case(description: "a tenant's own key is taken over once, under its name alone") { (bench) throws(CloudError) in
            let (key, token) = (KeyBench.key, bench.token)
            let bytes = (0..<32).map { UInt8($0) }
            try await token.importKey(key, bytes)
            let sealed = try await token.seal(KeyBench.secret, under: key, for: "volume")
            try await token.importKey(key, bytes)
            try await token.ensureKey(key)
            let value = try await token.checkValue(of: key)
            try await bench.refuse(.conflict, "another key of the name") { () async throws(CloudError) in
                try await token.importKey(key, bytes.reversed())
            }
            try bench.expect(try await token.checkValue(of: key) == value, "the first one stays")
            try await token.importKey(KeyBench.later, bytes)
            try bench.expect(try await token.checkValue(of: KeyBench.later) == value, "the same key, the same number")
            try await bench.unreadable(sealed, KeyBench.later, "the same bytes under another epoch's name")
            try await token.ensureKey(KeyBench.other)
            try await bench.refuse(.conflict, "over one that was made here") { () async throws(CloudError) in
                try await token.importKey(KeyBench.other, bytes)
            }
            try bench.expect(
                try await token.open(sealed, under: key, for: "volume") == KeyBench.secret, "nothing was lost")
            let all = try await token.keys()
            try bench.expect(all == [key, KeyBench.later, KeyBench.other], "and nothing else is left: \(all)")
        },
        Case(description: "many callers at once make one key and do not disturb each other") {
            (bench) throws(CloudError) in
            let (key, token) = (KeyBench.key, bench.token)
            let faults = await withTaskGroup(of: String?.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        do {
                            try await token.ensureKey(key)
                            let secret = Array("secret \(number)".utf8)
                            let sealed = try await token.seal(secret, under: key, for: "\(number)")
                            let found = try await token.open(sealed, under: key, for: "\(number)")
                            return found == secret ? nil : "\(number) read something else"
                        } catch { return "\(number): \(error)" }
                    }
                }
                return await group.reduce(into: [String]()) { if let fault = $1 { $0.append(fault) } }
            }
            try bench.expect(faults.isEmpty, faults.joined(separator: "; "))
            try bench.expect(try await token.keys() == [key], "one key")
        },
    ]

    static let boundCases = [
        Case(description: "names that could mean something else are refused, and nothing is made") {
            (bench) throws(CloudError) in
            let token = bench.token
            let projects = [
                "", "A", "a/b", "a b", "../a", "a\n", "a\u{0}", "é", "a_b", String(repeating: "a", count: 65),
            ]
            let names =
                projects.map { KeyName(project: ID($0), epoch: 1) }
                + [0, -1, 1_000_000_000, .max, .min].map { KeyName(project: ID("a"), epoch: $0) }
            for key in names {
                for call in 0..<6 {
                    try await bench.refuse(.invalid, "call \(call) of \(key)") { () async throws(CloudError) in
                        try await bench.make(call, key)
                    }
                }
            }
            try bench.expect(try await token.keys().isEmpty, "nothing was made")
        },
        Case(description: "sizes out of bounds are refused") { (bench) throws(CloudError) in
            let (key, token) = (KeyBench.key, bench.token)
            try await token.ensureKey(key)
            for size in [0, 4097, 1 << 20] {
                try await bench.refuse(.invalid, "a secret of \(size) bytes") { () async throws(CloudError) in
                    try await token.seal([UInt8](repeating: 0, count: size), under: key, for: "volume")
                }
            }
            let sealed = try await token.seal([1], under: key, for: String(repeating: "p", count: 256))
            for size in [0, 257] {
                let purpose = String(repeating: "p", count: size)
                try await bench.refuse(.invalid, "a purpose of \(size) bytes") { () async throws(CloudError) in
                    try await token.seal([1], under: key, for: purpose)
                }
                try await bench.unreadable(sealed, key, "opening with one", for: purpose)
            }
            for size in [0, 16, 31, 33] {
                try await bench.refuse(.invalid, "a key of \(size) bytes") { () async throws(CloudError) in
                    try await token.importKey(KeyBench.later, [UInt8](repeating: 9, count: size))
                }
            }
        },
    ]
}
