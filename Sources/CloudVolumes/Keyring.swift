import CloudCore
import Crypto
import CryptoExtras
import Foundation

/// The secrets of one call of a tool. One made for this call goes through its standard input; the layers' own stand on
/// its command line, encrypted under that one (AES-256 in CBC mode, as QEMU reads them).
struct Keyring: Sendable {
    private let master = SymmetricKey(size: .bits256)
    /// The options that declare the secrets.
    private(set) var options: [String] = ["--object", "secret,id=master,format=base64,file=/dev/stdin"]
    private var count = 0

    /// What the tool reads first.
    var input: [UInt8] { master.withUnsafeBytes { Array(Data($0).base64EncodedString().utf8) } }

    /// Takes a layer's secret in, and says by which name the tool knows it.
    mutating func add(_ secret: String) throws(CloudError) -> String {
        let id = "key\(count)"
        count += 1
        let iv = SystemDice().bytes(16)
        do {
            let sealed = try AES._CBC.encrypt(Data(secret.utf8), using: master, iv: AES._CBC.IV(ivBytes: iv))
            // Neither has a comma, which would end the value.
            options += [
                "--object",
                "secret,id=\(id),keyid=master,format=base64,iv=\(Data(iv).base64EncodedString()),"
                    + "data=\(sealed.base64EncodedString())",
            ]
        } catch { throw .fault("AES: \(error)") }
        return id
    }
}
