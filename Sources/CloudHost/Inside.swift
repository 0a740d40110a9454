import CloudCore
import Glibc

/// Work inside a network namespace. A thread of its own enters it and ends with the work, so no other ever does.
public enum Inside {
    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    private static let setns = unsafeBitCast(
        dlsym(nil, "setns"), to: (@convention(c) (Int32, Int32) -> Int32).self)

    /// Runs `body`, which may block for some milliseconds, and returns what it returns.
    public static func run<T: Sendable>(
        _ namespace: NetworkNamespace, _ body: @escaping @Sendable () throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        let result = Once<Result<T, CloudError>>()
        let work = Work {
            do throws(CloudError) {
                try enter(namespace)
                result.give(.success(try body()))
            } catch {
                result.give(.failure(error))
            }
        }
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { pointer in
                Unmanaged<Work>.fromOpaque(pointer!).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(work).toOpaque())
        guard code == 0 else {
            Unmanaged.passUnretained(work).release()
            throw .fault("pthread_create: \(String(cString: strerror(code)))")
        }
        pthread_detach(thread)
        return try await result.value.get()
    }

    private static func enter(_ namespace: NetworkNamespace) throws(CloudError) {
        let file = open(namespace.path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Files.failure("open", namespace.path) }
        defer { close(file) }
        guard setns(file, 0x4000_0000 /* CLONE_NEWNET */) == 0 else { throw Files.failure("setns", namespace.path) }
    }
}
