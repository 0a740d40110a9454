import CloudCore
import CloudStorage

/// How a key is called in the token, as its label and as its id: `akashi PROJECT/EPOCH`.
enum KeyLabel {
    private static let prefix = "akashi "

    static func bytes(_ key: KeyName) -> [UInt8] { Array("\(prefix)\(key.project)/\(key.epoch)".utf8) }

    /// The key of this label; nil for what is not ours.
    static func key(_ bytes: [UInt8]) -> KeyName? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.count <= 128, text.hasPrefix(prefix) else { return nil }
        let sides = text.dropFirst(prefix.count).split(separator: "/", omittingEmptySubsequences: false)
        guard sides.count == 2, let epoch = Int(sides[1]) else { return nil }
        let key = KeyName(project: ID(String(sides[0])), epoch: epoch)
        // One key has one label: no `+1`, no `01`.
        guard (try? KeyLimits.check(key)) != nil, self.bytes(key) == bytes else { return nil }
        return key
    }
}
