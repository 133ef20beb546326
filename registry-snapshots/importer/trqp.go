package importer

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// TRQP reads what a registry answers by the Trust Registry Query Protocol 2.0, from a
// folder:
//
//	source.json       {"endpoint": "https://registry.example"}, optional
//	questions.json    what to ask, or .yaml: a list of {query, entity_id, authority_id, action, resource}
//	answers/….json    what was answered, as it came: one answer or a list of them
//
// query is authorization, which is also meant by none, or recognition; the others are
// texts or lists of texts, all combinations of which are asked. A question without an
// answer in the folder is put to the endpoint, if Options.Post can; else it is an
// error. Without questions every answer counts.
//
// Nobody signs these answers: they are as good as the connection that they came by,
// and have to be asked for as unsigned. The protocol cannot be asked for everything:
// what nobody asked about is absent from the snapshot, and not for the registry's
// reasons.
//
// Yes to an authorization becomes one, in the name of the authority that was asked
// about, and yes to a recognition a recognition of depth 0. No is an absence.
func TRQP(dir string, opt Options) (*Result, error) {
	if opt.Fingerprint != "" || len(opt.Anchors) > 0 {
		return nil, opt.unsigned(dir)
	}
	if !opt.Unsigned {
		return nil, errorf(NoSignature, dir, "answers of TRQP have no signature: they have to be asked for as unsigned")
	}
	return openAnswers(dir, opt, trqp)
}

// A question is one query, and what its answer has to repeat.
type question struct{ query, entity, authority, action, resource string }

// maxQuestions bounds the combinations that are asked.
const maxQuestions = 10_000

// trqpQueries are the two, and the member of an answer that says yes.
var trqpQueries = map[string]string{"authorization": "authorized", "recognition": "recognized"}

func trqp(a *answers) (*Result, error) {
	r := &Result{Name: "TRQP", Report: Report{
		From: FromTRQP, Source: a.dir,
		Signature: Signature{State: Unsigned, Note: "answers that nobody signs: as good as the connection that they came by; and only what was asked"},
	}}
	asked, err := a.questions()
	if err != nil {
		return nil, err
	}
	given, err := r.trqpAnswers(a)
	if err != nil {
		return nil, err
	}
	// Every answer, where nothing says which were asked for.
	if asked == nil {
		for q := range given {
			asked = append(asked, q)
		}
		slices.SortFunc(asked, compareQuestions)
	}
	if len(asked) == 0 {
		return nil, errorf(NoFile, a.dir, "neither questions.json nor an answer")
	}
	oldest := time.Time{}
	for _, q := range asked {
		if r.Authority != "" && r.Authority != q.authority {
			return nil, errorf(Unsupported, a.dir, "asks %.200q and %.200q: a registry speaks in one name, so each authority is a source of its own", r.Authority, q.authority)
		}
		r.Authority = q.authority
		ans, there := given[q]
		if !there {
			if ans, err = r.trqpAsk(a, q); err != nil {
				return nil, err
			}
		}
		delete(given, q)
		if oldest.IsZero() || ans.at.Before(oldest) {
			oldest = ans.at
		}
		if ans.yes {
			r.trqpYes(q, r.carry(ans.text, a.opt))
		} else {
			r.notMapped(trqpQueries[q.query]+": false", "a no is an absence, as is what nobody asked")
		}
	}
	for range given {
		r.notMapped("answers that nobody asked for", "questions.json has not the question")
	}
	r.Name = r.Authority
	r.Report.List = r.Authority
	r.Report.Time = rfc3339(oldest)
	return r.judge(a.opt)
}

func compareQuestions(a, b question) int {
	for _, c := range []int{strings.Compare(a.query, b.query), strings.Compare(a.entity, b.entity), strings.Compare(a.authority, b.authority), strings.Compare(a.action, b.action)} {
		if c != 0 {
			return c
		}
	}
	return strings.Compare(a.resource, b.resource)
}

// questions reads questions.json or .yaml; nil if there is neither.
func (a *answers) questions() ([]question, error) {
	var list []question
	for _, name := range []string{"questions.json", "questions.yaml", "questions.yml"} {
		data, err := readFrom(a.fsys, name)
		if isReason(err, NoFile) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if list != nil {
			return nil, errorf(BadForm, name, "there is another file of questions")
		}
		list = []question{}
		err = ReadObjects(name, data, func(place string, o strictjson.Object) error {
			more, err := combinations(place, o)
			if err == nil && len(list)+len(more) > maxQuestions {
				err = errorf(TooLarge, place, "more than %d questions", maxQuestions)
			}
			for _, q := range more {
				if !slices.Contains(list, q) {
					list = append(list, q)
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// combinations are the questions that one entry of the file stands for.
func combinations(place string, o strictjson.Object) ([]question, error) {
	list := []question{{query: "authorization"}}
	for _, name := range o.Names() {
		var set func(q *question, s string)
		switch name {
		case "query":
			set = func(q *question, s string) { q.query = s }
		case "entity_id":
			set = func(q *question, s string) { q.entity = s }
		case "authority_id":
			set = func(q *question, s string) { q.authority = s }
		case "action":
			set = func(q *question, s string) { q.action = s }
		case "resource":
			set = func(q *question, s string) { q.resource = s }
		default:
			return nil, errorf(BadForm, place, "%.60q is not known", name)
		}
		var next []question
		for _, v := range values(o[name]) {
			s, _ := v.(string)
			if s == "" {
				return nil, errorf(BadForm, place, "%s is no text, nor a list of texts", name)
			}
			for _, q := range list {
				set(&q, s)
				next = append(next, q)
			}
			if len(next) > maxQuestions {
				return nil, errorf(TooLarge, place, "more than %d questions", maxQuestions)
			}
		}
		list = next
	}
	for _, q := range list {
		if trqpQueries[q.query] == "" {
			return nil, errorf(BadForm, place, "query %s, want authorization or recognition", shown(q.query))
		}
		if q.entity == "" || q.authority == "" || q.action == "" || q.resource == "" {
			return nil, errorf(BadForm, place, "want entity_id, authority_id, action and resource")
		}
	}
	return list, nil
}

// trqpAnswer is one answer, as it came.
type trqpAnswer struct {
	place string
	yes   bool
	at    time.Time
	text  []byte
}

// trqpAnswers reads the saved answers. Two answers to one question that differ are
// an error: which of them holds, nobody can say.
func (r *Result) trqpAnswers(a *answers) (map[question]trqpAnswer, error) {
	given := map[question]trqpAnswer{}
	entries, err := a.list("answers")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := path.Join("answers", e.Name())
		if e.IsDir() || path.Ext(name) != ".json" {
			r.notMapped(name, "not named .json")
			continue
		}
		data, err := readFrom(a.fsys, name)
		if err != nil {
			return nil, err
		}
		err = ReadObjects(name, data, func(place string, o strictjson.Object) error {
			q, ans, err := r.trqpAnswer(place, o, data, a.opt.now())
			if err != nil {
				return err
			}
			if other, there := given[q]; there && other.yes != ans.yes {
				return errorf(BadForm, place, "answers as %s does, and otherwise", other.place)
			} else if there && other.at.Before(ans.at) {
				return nil // the older time is the honest one
			}
			given[q] = ans
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return given, nil
}

// trqpAnswer reads one answer, TRQP 2.0 Sections on the authorization and the
// recognition response.
func (r *Result) trqpAnswer(place string, o strictjson.Object, text []byte, now time.Time) (question, trqpAnswer, error) {
	q := question{entity: o.String("entity_id"), authority: o.String("authority_id"), action: o.String("action"), resource: o.String("resource")}
	ans := trqpAnswer{place: place, text: text}
	if q.entity == "" || q.authority == "" || q.action == "" || q.resource == "" {
		return q, ans, errorf(BadForm, place, "is no answer: want entity_id, authority_id, action and resource")
	}
	for _, query := range []string{"authorization", "recognition"} {
		v, there := o[trqpQueries[query]]
		yes, ok := v.(bool)
		switch {
		case !there:
			continue
		case !ok:
			return q, ans, errorf(BadForm, place, "%s is neither true nor false", trqpQueries[query])
		case q.query != "":
			return q, ans, errorf(BadForm, place, "both authorized and recognized")
		}
		q.query, ans.yes = query, yes
	}
	if q.query == "" {
		return q, ans, errorf(BadForm, place, "neither authorized nor recognized")
	}
	var err error
	if ans.at, err = time.Parse(time.RFC3339, o.String("time_evaluated")); err != nil {
		return q, ans, errorf(BadForm, place, "time_evaluated %s is no time in RFC 3339", shown(o.String("time_evaluated")))
	}
	if ans.at.After(now.Add(trqpSlack)) {
		return q, ans, errorf(Expired, place, "is of %s, which is still to come", rfc3339(ans.at))
	}
	// An answer for another time says nothing of now.
	if o.Has("time_requested") {
		at, err := time.Parse(time.RFC3339, o.String("time_requested"))
		if err != nil {
			return q, ans, errorf(BadForm, place, "time_requested %s is no time in RFC 3339", shown(o.String("time_requested")))
		}
		if d := at.Sub(ans.at); d > trqpSlack || d < -trqpSlack {
			return q, ans, errorf(Unsupported, place, "answers for %s, and was asked on %s: the model has no end for what held at one moment", rfc3339(at), rfc3339(ans.at))
		}
	}
	if o.Has("context") {
		r.notMapped("context", "what a registry adds in words of its own")
	}
	r.others("answer.", o, "not known to this importer", "entity_id", "authority_id", "action", "resource", "authorized", "recognized",
		"time_evaluated", "time_requested", "message", "context")
	return q, ans, nil
}

// trqpSlack is how far apart the clocks of who asks and who answers may be.
const trqpSlack = 10 * time.Minute

// trqpAsk puts a question to the endpoint.
func (r *Result) trqpAsk(a *answers, q question) (trqpAnswer, error) {
	place := q.query + " " + q.entity
	if a.endpoint == "" {
		return trqpAnswer{}, errorf(NoFile, place, "the question about %.100q %.100q has no answer here, and no endpoint is named", q.action, q.resource)
	}
	text, err := a.opt.post(a.endpoint+"/"+q.query, strictjson.Encode(strictjson.Object{
		"entity_id": q.entity, "authority_id": q.authority, "action": q.action, "resource": q.resource,
	}))
	if err != nil {
		return trqpAnswer{}, err
	}
	o, err := object(place, text)
	if err != nil {
		return trqpAnswer{}, err
	}
	got, ans, err := r.trqpAnswer(place, o, text, a.opt.now())
	if err == nil && got != q {
		err = errorf(BadForm, place, "answers another question: %.100q %.100q %.100q", got.entity, got.action, got.resource)
	}
	return ans, err
}

// trqpYes adds what an answer says.
func (r *Result) trqpYes(q question, via string) {
	if q.query == "recognition" {
		rec := snapshot.Recognition{Registry: q.entity, Action: q.action, Resource: q.resource, Via: via}
		if _, err := rec.Normal(); err != nil {
			r.skip(q.entity, BadEntity, "%v", err)
			return
		}
		r.Recognitions = append(r.Recognitions, rec)
		return
	}
	e := snapshot.Entity{ID: q.entity, Auth: []snapshot.Authorization{{Action: q.action, Resource: q.resource, Via: via}}}
	switch q.action {
	case "issue":
		e.Kind = "issuer"
	case "verify":
		e.Kind = "verifier"
	}
	if _, err := e.Normal(); err != nil {
		r.skip(q.entity, BadEntity, "%v", err)
		return
	}
	for i := range r.Entities {
		if old := &r.Entities[i]; old.ID == e.ID {
			old.Auth = append(old.Auth, e.Auth...)
			if old.Kind == "" {
				old.Kind = e.Kind
			}
			return
		}
	}
	r.Entities = append(r.Entities, e)
}
