package programs

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tutorial ends with an image. This test follows its Dockerfile without a
// container: the build command, a root directory with only the files copied
// into the image, its user and its environment.
func TestTutorialEndsInAnEmptyRoot(t *testing.T) {
	dockerfile, err := os.ReadFile("tutorial/10/Dockerfile")
	require.NoError(t, err)
	module, image, root := t.TempDir(), t.TempDir(), t.TempDir()
	makeModule(t, module, "tutorial/10")
	within := func(pattern string) []string {
		found := regexp.MustCompile(`(?m)^` + pattern + `$`).FindStringSubmatch(string(dockerfile))
		require.NotEmpty(t, found, pattern)
		return found[1:]
	}
	require.Contains(t, string(dockerfile), "\nFROM scratch\n")

	build := exec.Command("bash", "-c", strings.NewReplacer(" /books", " "+image+"/books", " /data", " "+image+"/data").Replace(within("RUN (.*go build.*)")[0]))
	build.Dir = module
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)

	user := within(`USER (\d+):\d+`)
	id, err := strconv.Atoi(user[0])
	require.NoError(t, err)
	for _, copied := range regexp.MustCompile(`(?m)^COPY --from=build (?:--chown=\S+ )?(\S+) (\S+)$`).FindAllStringSubmatch(string(dockerfile), -1) {
		require.NoError(t, os.Rename(filepath.Join(image, copied[1]), filepath.Join(root, copied[2])))
	}
	environ := []string{within(`ENV (.*)`)[0], "SECRET=" + strings.Repeat("s", 32), "ADDRESS=" + freeAddress(t)}
	listen := strings.TrimPrefix(environ[2], "ADDRESS=")

	server := exec.Command(within(`ENTRYPOINT \["(.*)"\]`)[0])
	server.Env, server.Dir = environ, "/"
	server.Err = nil // the path is one inside the new root
	server.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	asUser(t, server, filepath.Join(root, "data"), id)
	stop := start(t, &session{page: "tutorial/10-deployment.md"}, server, "/", environ, listen)
	defer stop()
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + listen + "/readyz")
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
	assert.FileExists(t, filepath.Join(root, "data", "books.db"))
}

// asUser makes a command run as the user of the image: root drops its
// privileges, other users map it in a user namespace.
func asUser(t *testing.T, command *exec.Cmd, data string, id int) {
	t.Helper()
	if os.Getuid() == 0 {
		require.NoError(t, os.Chown(data, id, id))
		for dir := filepath.Dir(data); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			require.NoError(t, os.Chmod(dir, 0o755))
		}
		command.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(id), Gid: uint32(id)}
		return
	}
	command.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
	command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getuid(), Size: 1}}
	command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getgid(), Size: 1}}
}
