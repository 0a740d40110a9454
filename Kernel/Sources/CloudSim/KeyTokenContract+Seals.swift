import CloudCore
import CloudStorage

extension KeyTokenContract {
    static let sealCases = [
        Case(description: "what is sealed is opened again, and hidden meanwhile") { (bench) throws(CloudError) in
            let key = KeyBench.key
            try await bench.token.ensureKey(key)
            for size in [1, 15, 16, 17, 32, 64, 4096] {
                let secret = (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) }
                let sealed = try await bench.token.seal(secret, under: key, for: "volume")
                try bench.expect(
                    try await bench.token.open(sealed, under: key, for: "volume") == secret, "\(size) bytes")
                try bench.expect(size < 8 || sealed.firstRange(of: secret) == nil, "\(size) bytes are hidden")
            }
            let one = try await bench.token.seal(KeyBench.secret, under: key, for: "volume")
            let two = try await bench.token.seal(KeyBench.secret, under: key, for: "volume")
            try bench.expect(one != two, "the same secret is sealed differently each time")
        },
        Case(description: "what was changed in any byte, cut or lengthened is refused") { (bench) throws(CloudError) in
            let key = KeyBench.key
            try await bench.token.ensureKey(key)
            let sealed = try await bench.token.seal(KeyBench.secret, under: key, for: "volume")
            for place in sealed.indices {
                for bit: UInt8 in [1, 128] {
                    var changed = sealed
                    changed[place] ^= bit
                    try await bench.unreadable(changed, key, "byte \(place) was changed")
                }
            }
            for count in 0..<sealed.count {
                try await bench.unreadable(Array(sealed.prefix(count)), key, "only \(count) bytes are left")
            }
            try await bench.unreadable(sealed + [0], key, "a byte was added")
            try await bench.unreadable([UInt8](repeating: 1, count: 10_000), key, "far too long")
            try bench.expect(
                try await bench.token.open(sealed, under: key, for: "volume") == KeyBench.secret, "the original opens")
        },
        Case(description: "another key, another purpose and a new epoch open nothing") { (bench) throws(CloudError) in
            for key in [KeyBench.key, KeyBench.later, KeyBench.other] { try await bench.token.ensureKey(key) }
            let sealed = try await bench.token.seal(KeyBench.secret, under: KeyBench.key, for: "volume")
            try await bench.unreadable(sealed, KeyBench.other, "another project's key")
            try await bench.unreadable(sealed, KeyBench.later, "the next epoch's key")
            for purpose in ["backup", "Volume", "volume ", "volum"] {
                try await bench.unreadable(sealed, KeyBench.key, "the purpose '\(purpose)'", for: purpose)
            }
        },
        Case(description: "a key that is removed is gone, and so is what it sealed") { (bench) throws(CloudError) in
            let (key, token) = (KeyBench.key, bench.token)
            try await token.ensureKey(key)
            try await token.ensureKey(KeyBench.later)
            let sealed = try await token.seal(KeyBench.secret, under: key, for: "volume")
            let kept = try await token.seal(KeyBench.secret, under: KeyBench.later, for: "volume")
            let value = try await token.checkValue(of: key)
            try await token.removeKey(key)
            try await token.removeKey(key)
            try await bench.refuse(.missing, "open") { () async throws(CloudError) in
                try await token.open(sealed, under: key, for: "volume")
            }
            try await bench.refuse(.missing, "seal") { () async throws(CloudError) in
                try await token.seal(KeyBench.secret, under: key, for: "volume")
            }
            try await bench.refuse(.missing, "check value") { () async throws(CloudError) in
                try await token.checkValue(of: key)
            }
            try await token.ensureKey(key)
            try await bench.unreadable(sealed, key, "a key made again under the name")
            try bench.expect(try await token.checkValue(of: key) != value, "which is another key")
            try bench.expect(
                try await token.open(kept, under: KeyBench.later, for: "volume") == KeyBench.secret, "others stay")
        },
    ]
}
