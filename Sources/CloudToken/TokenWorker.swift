import CPKCS11
import CloudCore
import CloudHost
import CloudStorage
import Glibc

/// The library, one session of it, and what is done there. Only its token's thread touches it.
final class TokenWorker: @unchecked Sendable {
    let place: TokenPlace
    let library: Library
    private var session: TokenSession?
    /// The last PIN that was refused. It is not tried again: after a few tries, tokens lock themselves.
    private var refused: [UInt8]?

    init(_ place: TokenPlace) throws(CloudError) {
        self.place = place
        library = try Library(place.library)
    }

    /// Runs `body` with a session; once more with a new one where that was lost.
    func use<T>(_ body: (TokenSession) throws -> T) throws(CloudError) -> T {
        do { return try attempt(body) } catch let failure as Failure where failure.isLost { leave(failure) } catch {
            throw translate(error)
        }
        do { return try attempt(body) } catch {
            if let failure = error as? Failure, failure.isLost { leave(failure) }
            throw translate(error)
        }
    }

    private func attempt<T>(_ body: (TokenSession) throws -> T) throws -> T {
        try body(try session ?? open())
    }

    private func translate(_ error: any Error) -> CloudError {
        switch error {
        case let error as CloudError: error
        case let failure as Failure: failure.error(place)
        default: .fault("\(error)")
        }
    }

    private func open() throws -> TokenSession {
        let pin = try place.pin()
        guard pin != refused else {
            throw CloudError.unavailable(
                "key store",
                "the token '\(place.label)' refused the PIN of \(place.pinFile), which is not tried again until it changes"
            )
        }
        try library.initialise()
        let tokens = try library.tokens().filter { $0.flags & CKF_TOKEN_INITIALIZED != 0 }
        let ours = tokens.filter { $0.label == place.label }
        guard ours.count == 1 else {
            let others = tokens.prefix(16).map { "'\($0.label)'" }.joined(separator: ", ")
            throw CloudError.unavailable(
                "key store",
                "\(ours.count) tokens of \(place.library) are called '\(place.label)'; there are: \(others.isEmpty ? "none" : others)"
            )
        }
        do throws(Failure) {
            let handle = try library.logIn(ours[0].slot, as: CKU_USER, pin: pin)
            let session = TokenSession(
                library: library, handle: handle, handles: Handles(), files: place.objects.map(TokenFiles.init))
            self.session = session
            return session
        } catch {
            if error.isPIN { refused = pin }
            throw error
        }
    }

    private func leave(_ failure: Failure) {
        if let session { _ = library.calls.C_CloseSession(session.handle) }
        session = nil
        // What lost its device finds it again only when it begins anew.
        if failure.code == CKR_DEVICE_REMOVED || failure.code == CKR_DEVICE_ERROR { library.finalise() }
    }

    /// Ends the session and the library's work.
    func close() {
        if let session { _ = library.calls.C_CloseSession(session.handle) }
        session = nil
        library.finalise()
    }

    /// Runs `body` while no other process on this machine makes or removes keys: two would make two of one name.
    func alone<T>(_ body: () throws(CloudError) -> T) throws(CloudError) -> T {
        let file = Glibc.open(place.pinFile, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .unavailable("key store", "the PIN file \(place.pinFile) cannot be opened") }
        defer { Glibc.close(file) }
        for _ in 0..<1000 {
            if flock(file, LOCK_EX | LOCK_NB) == 0 { return try body() }
            usleep(10_000)
        }
        throw .unavailable("key store", "another process has held \(place.pinFile) for 10 s")
    }
}
