import Foundation
import Synchronization

/// A child process that ends with this one, however this one ends, and with all processes and files that it has made.
///
/// `PR_SET_PDEATHSIG` would reach the child alone, and clang does its work in children of its own. So the child's process group is killed
/// by a shell in it, which waits for the end of a pipe that only this process can write to.
enum BoundProcess {
  struct End {
    /// What a shell says: 128 and the signal's number where one ended it.
    let status: Int32
    /// What it wrote on stderr.
    let messages: String
  }

  // In a folder that is gone nothing can be made any more, so it goes before those who write there; the second attempt is for what they
  // made during the first.
  private static let script = """
    folder=$1
    shift
    exec 3<&0 </dev/null
    (read -r line <&3; rm -rf "$folder" || rm -rf "$folder"; kill -KILL 0) 2>/dev/null &
    TMPDIR=$folder "$@" 3<&-
    status=$?
    kill -KILL $! 2>/dev/null
    exit $status
    """

  /// Runs in `folder`, which is also where it makes its temporary files, and which is removed if this process ends first.
  /// Returns when it has ended. Throws a POSIX error where it cannot be started.
  static func run(_ executable: String, _ arguments: [String], inTemporary folder: String) throws -> End {
    let (life, messages, pid) = try starting.withLock { _ in
      let (life, messages) = (try pipe(), try pipe())
      let pid = try spawn(
        ["/bin/sh", "-c", script, "sh", folder, executable] + arguments, in: folder, input: life.reading.fileDescriptor,
        errors: messages.writing.fileDescriptor)
      return (life, messages, pid)
    }
    try? life.reading.close()
    try? messages.writing.close()
    let output = (try? messages.reading.readToEnd()) ?? Data()
    var status: Int32 = 0
    while waitpid(pid, &status, 0) == -1, errno == EINTR {}
    try? life.writing.close()
    let signal = status & 0x7f
    return End(status: signal == 0 ? status >> 8 & 0xff : 128 + signal, messages: String(decoding: output, as: UTF8.self))
  }

  /// No other child may start between a pipe and its flags: it would keep the pipe open.
  private static let starting = Mutex(())

  /// Of Foundation's pipes every child gets both ends.
  private static func pipe() throws -> (reading: FileHandle, writing: FileHandle) {
    var ends: [Int32] = [-1, -1]
    guard Foundation.pipe(&ends) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (FileHandle(fileDescriptor: ends[0], closeOnDealloc: true), FileHandle(fileDescriptor: ends[1], closeOnDealloc: true))
  }

  private static func spawn(_ arguments: [String], in folder: String, input: Int32, errors: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
    posix_spawn_file_actions_addchdir_np(&actions, folder)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The host ignores signals that a child has to end by, and a child keeps what is ignored.
    var (all, none) = (sigset_t(), sigset_t())
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    let strings = arguments.map { strdup($0) }
    defer { for string in strings { free(string) } }
    var pid: pid_t = 0
    let problem = posix_spawn(&pid, strings[0]!, &actions, &attributes, strings + [nil], environ)
    guard problem == 0 else { throw POSIXError(POSIXErrorCode(rawValue: problem) ?? .EIO) }
    return pid
  }
}
