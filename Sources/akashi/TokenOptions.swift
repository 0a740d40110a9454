import ArgumentParser
import CloudCore
import CloudHost
import CloudToken

/// Where the keys of tenants are.
struct TokenOptions: ParsableArguments {
    @Option(help: "A PKCS#11 library whose token keeps tenants' keys, instead of a SoftHSM of this installation's own.")
    var tokenLibrary: String?
    @Option(help: "The token's label, with --token-library.") var tokenLabel: String?
    @Option(help: "A file with the token's PIN in one line, which only root reads, with --token-library.")
    var tokenPinFile: String?

    func validate() throws {
        let given = [tokenLibrary, tokenLabel, tokenPinFile].compactMap { $0 }.count
        guard given == 0 || given == 3 else {
            throw ValidationError("--token-library, --token-label and --token-pin-file go together.")
        }
    }

    /// The token that was chosen; the installation's own is made at the first start.
    func open(_ dirs: InstanceDirs) async throws(CloudError) -> PKCS11Token {
        let place: TokenPlace
        if let tokenLibrary, let tokenLabel, let tokenPinFile {
            place = TokenPlace(library: tokenLibrary, label: tokenLabel, pinFile: tokenPinFile)
        } else {
            place = try await SoftHSM.prepare(dirs.state + "/token")
        }
        return try await PKCS11Token(place)
    }

    /// One sentence for the operator.
    var fact: String {
        tokenLibrary.map { "token \(tokenLabel ?? "") of \($0)" } ?? "SoftHSM, in the installation's own directory"
    }
}
