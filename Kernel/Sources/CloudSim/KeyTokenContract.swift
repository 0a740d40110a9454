import CloudCore
import CloudStorage

/// What every key token must do, as a suite that runs on any: the twin, SoftHSM, an HSM.
///
/// Each case gets a token without keys. A case that fails throws `fault`, saying what was expected.
public struct KeyTokenContract: Sendable {
    /// Opens the case's token; called again it stands for the next start, and finds what the one before left.
    public typealias Opening = @Sendable () async throws(CloudError) -> any KeyToken

    /// One thing that a token must do.
    public struct Case: Sendable, CustomStringConvertible {
        /// What it does, as a sentence.
        public let description: String
        let body: @Sendable (KeyBench) async throws(CloudError) -> Void
    }

    /// Runs one case; throws what was wrong.
    public static func run(_ one: Case, _ open: @escaping Opening) async throws(CloudError) {
        try await one.body(KeyBench(token: try await open(), open: open))
    }

    /// Every case.
    public static let cases: [Case] = sealCases + keyCases + boundCases
}

/// A case's token, and short words for what most cases do.
struct KeyBench: Sendable {
    let token: any KeyToken
    let open: KeyTokenContract.Opening

    static let key = KeyName(project: ID("0123456789abcdef0123456789abcdef"), epoch: 1)
    static let later = KeyName(project: key.project, epoch: 2)
    static let other = KeyName(project: ID("b2a1e3f0-97d5-4e1c-8b0a-5d6f7e8c9a0b"), epoch: 1)
    static let secret = Array("the words that open a volume".utf8)

    func expect(_ holds: Bool, _ what: String) throws(CloudError) {
        guard holds else { throw .fault("the token breaks its contract: " + what) }
    }

    /// Expects a call to be refused in this way.
    func refuse<T>(
        _ code: CloudError.Code, _ what: String, _ body: () async throws(CloudError) -> T
    ) async throws(CloudError) {
        do throws(CloudError) { _ = try await body() } catch {
            return try expect(error.code == code, "\(what): \(code.rawValue), not \(error)")
        }
        throw .fault("\(what): expected \(code.rawValue), and it was done")
    }

    /// What was sealed is refused.
    func unreadable(
        _ sealed: [UInt8], _ key: KeyName, _ what: String, for purpose: String = "volume"
    ) async throws(CloudError) {
        try await refuse(.invalid, what) { () async throws(CloudError) in
            try await token.open(sealed, under: key, for: purpose)
        }
    }

    /// One of the calls that name a key, by number.
    func make(_ call: Int, _ key: KeyName) async throws(CloudError) {
        switch call {
        case 0: try await token.ensureKey(key)
        case 1: try await token.importKey(key, [UInt8](repeating: 1, count: 32))
        case 2: _ = try await token.seal([1], under: key, for: "volume")
        case 3: _ = try await token.open([UInt8](repeating: 1, count: 64), under: key, for: "volume")
        case 4: _ = try await token.checkValue(of: key)
        default: try await token.removeKey(key)
        }
    }
}
