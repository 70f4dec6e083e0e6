"""Directories and files of a repository."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webarena_mini.kit.redirects import redirect_to
from webarena_mini.kit.site import database_of
from webarena_mini.sites.codehost.domain.access import Role
from webarena_mini.sites.codehost.domain.repository import address, content_of, head_of, refs_of, tree_of
from webarena_mini.sites.codehost.domain.trees import directory, outline, readme_of
from webarena_mini.sites.codehost.pages.frame import render
from webarena_mini.sites.codehost.pages.lookup import commit_with, own_role, project_of, ref_of


async def tree(request: Request) -> Response:
    project, database = project_of(request), database_of(request)
    ref = ref_of(request, project)
    files = tree_of(database, ref.commit_id)
    entries = directory(database, files, ref.path)
    if ref.path in files:
        return redirect_to(address(project, "blob", ref.name, ref.path))
    if ref.path and not entries:
        raise HTTPException(404, f"There is no directory “{ref.path}” on {ref.name}.")
    newest = max((entry.commit["id"] for entry in entries), default=ref.commit_id)
    return render(
        request,
        "tree.html",
        project=project,
        ref=ref,
        refs=refs_of(database, project["id"]),
        outline=outline(files, ref.path),
        entries=entries,
        last=commit_with(database, newest),
        readme=readme_of(database, files, ref.path),
        role=own_role(request, project),
    )


async def blob(request: Request) -> Response:
    project, database = project_of(request), database_of(request)
    ref = ref_of(request, project)
    files = tree_of(database, ref.commit_id)
    file = files.get(ref.path)
    if file is None and directory(database, files, ref.path):
        return redirect_to(address(project, "tree", ref.name, ref.path))
    if file is None:
        raise HTTPException(404, f"There is no file “{ref.path}” on {ref.name}.")
    content = content_of(database, file)
    plain = request.query_params.get("plain") == "1"
    return render(
        request,
        "blob.html",
        project=project,
        ref=ref,
        refs=refs_of(database, project["id"]),
        outline=outline(files, ref.path),
        sha=commit_with(database, ref.commit_id)["sha"],
        lines=content.splitlines(),
        content=content,
        size=len(content.encode()),
        rendered=ref.path.endswith(".md") and not plain,
        last=commit_with(database, file.commit_id),
        writable=ref.is_branch and own_role(request, project) >= Role.DEVELOPER,
    )


async def raw(request: Request) -> Response:
    project, database = project_of(request), database_of(request)
    ref = ref_of(request, project)
    file = tree_of(database, ref.commit_id).get(ref.path)
    if file is None:
        raise HTTPException(404, f"There is no file “{ref.path}” on {ref.name}.")
    # Never as HTML: what somebody wrote into a file must not run in the site's name.
    return Response(content_of(database, file), media_type="text/plain; charset=utf-8")


async def default_tree(request: Request) -> Response:
    project = project_of(request)
    head = head_of(database_of(request), project)
    return redirect_to(address(project, "tree", head.name) if head else f"/{project['full_path']}")


async def find(request: Request) -> Response:
    """All paths of a ref, or those that contain what was typed."""
    project, database = project_of(request), database_of(request)
    ref = ref_of(request, project)
    term = request.query_params.get("name", "").strip()[:200]
    paths = [path for path in tree_of(database, ref.commit_id) if term.lower() in path.lower()]
    return render(request, "find_file.html", project=project, ref=ref, term=term, paths=paths)
